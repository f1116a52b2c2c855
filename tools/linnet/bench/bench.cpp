#include "tools/linnet/bench/bench.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "framework/config/flags.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/parallel.h"
#include "framework/kernels/gemm.h"
#include "framework/kernels/table.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/peak_memory.h"

namespace linnet::tool {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// With as many decimal places as are worth reading.
double rounded(double value, double parts) { return std::round(value * parts) / parts; }

struct Benchmark {
  std::string_view name;
  int (*run)(const std::vector<std::string>& arguments);
  std::string_view help;
};
constexpr std::array kBenchmarks{
    Benchmark{"encoder", bench_encoder, "batches of full sentences through a BERT encoder, forward or a training step"},
    Benchmark{"sst2", bench_sst2, "the whole job on SST-2: text in, labels out, or a pass of training"},
    Benchmark{"ops", bench_ops, "each operation alone, forward and backward"},
    Benchmark{"gemm", bench_gemm, "large matrix products by each backend: the measure of the others"},
    Benchmark{"load", bench_load, "from a preset on disk to the first answer"},
    Benchmark{"tokenizer", bench_tokenizer, "text in, ids out, on one thread"},
};

}  // namespace

void BenchOptions::fields(FieldVisitor& field) {
  field("threads", threads, "threads to use; 0: every core");
  field("seconds", seconds, "how long to repeat a case");
}

Timing measure_calls(const std::function<void()>& job, double seconds, int calls, int warm_up) {
  Clock::time_point last;
  for (int i = 0; i < warm_up; ++i) {
    last = Clock::now();
    job();
  }
  if (warm_up > 1 && seconds_since(last) > 1) calls = 1;
  const std::int64_t blocks = memory_stats().system_blocks;
  std::vector<double> times;
  for (const Clock::time_point start = Clock::now(); seconds_since(start) < seconds || static_cast<int>(times.size()) < calls;) {
    const Clock::time_point begin = Clock::now();
    job();
    times.push_back(seconds_since(begin));
  }
  const double allocations = static_cast<double>(memory_stats().system_blocks - blocks) / static_cast<double>(times.size());
  std::ranges::sort(times);
  return {times.front(), times[times.size() / 2], allocations};
}

void print_case(const nlohmann::ordered_json& of_case, const Timing& timing, const nlohmann::ordered_json& results) {
  nlohmann::ordered_json line{{"peer", "linnet"}};
  line.update(of_case);
  line["threads"] = num_threads();
  line["min_ms"] = rounded(timing.best * 1e3, 1e5);
  line["median_ms"] = rounded(timing.median * 1e3, 1e5);
  line.update(results);
  line["allocations_per_step"] = rounded(timing.allocations, 100);
  line["peak_rss_mb"] = peak_memory_bytes() >> 20;
  line["blas"] = cat(kernels::gemm_backend().name(), ' ', kernels::gemm_backend().core_name());
  line["isa"] = kernels::isa_name();
  std::cout << line.dump() << std::endl;
}

BertBackbone::Config model_of_size(std::string_view size, std::string_view dtype, bool train) {
  check(dtype == "float32" || dtype == "bfloat16" || dtype == "int8", "--dtype: must be float32, bfloat16 or int8, got ", dtype);
  check(dtype != "int8" || !train, "--dtype: int8 must come with --task infer, got train");
  const std::string policy = dtype == "int8" ? "float32" : dtype == "bfloat16" && train ? "mixed_bfloat16" : std::string(dtype);
  BertBackbone::Config config{.vocabulary_size = 30522, .dtype = DTypePolicy(policy)};
  const auto set = [&](std::int64_t layers, std::int64_t hidden, std::int64_t heads, std::int64_t intermediate) {
    config.num_layers = layers;
    config.hidden_dim = hidden;
    config.num_heads = heads;
    config.intermediate_dim = intermediate;
  };
  if (size == "tiny") set(2, 128, 2, 512);
  else if (size == "minilm") set(6, 384, 12, 1536);
  else if (size == "base") set(12, 768, 12, 3072);
  else throw std::invalid_argument(cat("--model: must be tiny, minilm or base, got ", size));
  return config;
}

bool is_training(std::string_view task) {
  check(task == "infer" || task == "train", "--task: must be infer or train, got ", task);
  return task == "train";
}

PackedTokens random_tokens(std::int64_t batch, std::int64_t length, std::int64_t vocabulary_size) {
  std::mt19937 random(0);
  std::uniform_int_distribution<std::int32_t> ids(0, static_cast<std::int32_t>(vocabulary_size - 1));
  std::vector<std::int32_t> token_ids(static_cast<std::size_t>(batch * length));
  for (std::int32_t& id : token_ids) id = ids(random);
  const std::vector<std::int32_t> lengths(static_cast<std::size_t>(batch), static_cast<std::int32_t>(length));
  return {Tensor::from(token_ids, {batch * length}), Tensor::zeros({batch * length}, DType::int32), SequenceLayout::ragged(lengths)};
}

int bench(const std::vector<std::string>& arguments) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  for (const Benchmark& benchmark : kBenchmarks)
    if (benchmark.name == name) return benchmark.run({arguments.begin() + 1, arguments.end()});
  std::string text = "Measures speed: one JSON line a case.\nUsage: linnet bench CASE [OPTIONS]\n\nCases:\n";
  for (const Benchmark& benchmark : kBenchmarks)
    text += cat("  ", benchmark.name, std::string(10 - benchmark.name.size(), ' '), benchmark.help, '\n');
  text += "\n'linnet bench CASE --help' lists the options of a case.\n";
  const bool asked = name == "--help" || name == "-h";
  throw FlagsEnd{asked ? 0 : 2, asked ? text : cat("linnet bench: the case must be one of those below, got '", name, "'\n\n", text)};
}

}  // namespace linnet::tool
