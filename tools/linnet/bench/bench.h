#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "models/bert/bert_backbone.h"

namespace linnet::tool {

// `linnet bench`: one JSON line a case, with the same keys for all of them.

int bench_encoder(const std::vector<std::string>& arguments);
int bench_sst2(const std::vector<std::string>& arguments);
int bench_ops(const std::vector<std::string>& arguments);
int bench_gemm(const std::vector<std::string>& arguments);
int bench_load(const std::vector<std::string>& arguments);
int bench_tokenizer(const std::vector<std::string>& arguments);

/// What every benchmark takes.
struct BenchOptions {
  std::int64_t threads = 0;
  double seconds = 2;
  void fields(FieldVisitor& field);
};

/// Wall time and cost of one call.
struct Timing {
  double best = 0, median = 0;  ///< seconds
  double allocations = 0;       ///< blocks taken from the system a call
};
/// Calls `job` `warm_up` times unmeasured, then until `seconds` have passed and at least `calls` times; once is enough of what
/// took more than a second the second time.
Timing measure_calls(const std::function<void()>& job, double seconds, int calls = 3, int warm_up = 2);

/// Prints {peer, case, …case, threads, min_ms, median_ms, …results, and which kernels computed}.
void print_case(const nlohmann::ordered_json& of_case, const Timing& timing, const nlohmann::ordered_json& results);

/// A BERT of the sizes "tiny", "minilm" or "base", with random weights and BERT's 30,522 tokens. dtype: float32, int8,
/// which is to be quantized after it is made, or bfloat16, which trains as mixed_bfloat16.
BertBackbone::Config model_of_size(std::string_view size, std::string_view dtype, bool train);
/// "infer" or "train"; throws std::invalid_argument on anything else.
bool is_training(std::string_view task);
/// Random ids of `batch` sentences of `length` tokens.
PackedTokens random_tokens(std::int64_t batch, std::int64_t length, std::int64_t vocabulary_size);

}  // namespace linnet::tool
