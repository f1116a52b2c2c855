#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "framework/config/flags.h"
#include "framework/core/buffer_pool.h"
#include "framework/data/data_loader.h"
#include "framework/io/directory.h"
#include "models/bert/bert_text_classifier.h"
#include "models/preset.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/peak_memory.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, text = "a warm, funny and beautifully acted film";
  std::int64_t threads = 0;
  void fields(FieldVisitor& field) {
    field("preset", preset, "a preset's name, handle or directory");
    field("text", text, "what to ask");
    field("threads", threads, "threads to use; 0: every core");
  }
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// One call of the system that reads a file into fresh memory: the least that loading it can be, but for what two threads save.
void read_whole(const std::filesystem::path& file) {
  const auto size = std::filesystem::file_size(file);
  const std::unique_ptr<char[]> bytes(new char[size]);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  std::size_t done = 0;
  for (ssize_t got = 1; descriptor >= 0 && got > 0; done += static_cast<std::size_t>(std::max<ssize_t>(got, 0)))
    got = ::read(descriptor, bytes.get() + done, size - done);
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  check_file(done == size, "bench load: cannot read ", file.string(), ": ", std::strerror(error));
}

/// Milliseconds of loading a backbone with its weights, and of reading the bytes of its weight files: the least of several times, in
/// turn and into memory that is fresh each time.
struct LoadAndRead {
  double load = std::numeric_limits<double>::infinity(), read = load;
};
LoadAndRead measure_weights(const std::string& preset) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path directory = resolve_preset(preset);
  for (const std::string& name : names_in(directory)) {
    const bool weights = name.ends_with(".safetensors") || (name.ends_with(".weights.h5") && !name.starts_with("task."));
    if (weights) files.push_back(directory / name);
  }
  LoadAndRead best;
  constexpr int kTimes = 7;
  for (int i = 0; i < kTimes; ++i) {
    release_cached_memory();
    const auto start = std::chrono::steady_clock::now();
    BertBackbone::from_preset(preset);
    best.load = std::min(best.load, milliseconds_since(start));
    const auto middle = std::chrono::steady_clock::now();
    for (const std::filesystem::path& file : files) read_whole(file);
    best.read = std::min(best.read, milliseconds_since(middle));
  }
  return best;
}

double rounded(double number, double parts) { return std::round(number * parts) / parts; }

}  // namespace

int bench_load(const std::vector<std::string>& arguments) {
  const auto start = std::chrono::steady_clock::now();
  Options options;
  read_flags(
      "linnet bench load", arguments, [&](FieldVisitor& field) { options.fields(field); },
      {.description = "Times one start: loading a preset and answering one sentence, once, as a program does that has just begun. Then loads the "
                      "backbone alone again and again, and beside it reads the bytes of its weight files."});
  check(!options.preset.empty(), "--preset: must name a preset, got nothing");
  use_threads(options.threads);
  const auto model = BertTextClassifier::from_preset(options.preset, {.num_classes = 2, .preset = {.map_weights = true}});
  const double load = milliseconds_since(start);
  const TextDataset question({{options.text, "", 0}}, {}, false);
  model->forward(DataLoader(question, model->preprocessor(), {}).batch({0}).inputs);
  const double first_answer = milliseconds_since(start);
  const std::int64_t peak = peak_memory_bytes() >> 20;
  const LoadAndRead weights = measure_weights(options.preset);
  print_case({{"case", "load"}, {"model", options.preset}, {"task", "infer"}, {"dtype", "float32"}}, {first_answer / 1e3, first_answer / 1e3, 0},
             {{"load_ms", rounded(load, 10)},
              {"first_answer_ms", rounded(first_answer, 10)},
              {"first_answer_rss_mb", peak},
              {"backbone_ms", rounded(weights.load, 10)},
              {"read_ms", rounded(weights.read, 10)},
              {"load_per_read", rounded(weights.load / weights.read, 100)}});
  return 0;
}

}  // namespace linnet::tool
