#include <iostream>

#include "framework/config/flags.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/peak_memory.h"
#include "tools/linnet/profiling.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, data;
  DTypePolicy dtype;
  std::int64_t batch_size = 64, tokens_per_batch = kTokensPerBatch, threads = 0;
  ProfilingOptions profiling;
  void fields(FieldVisitor& field) {
    field("preset", preset, "the classifier: a preset's name, handle or directory");
    field("data", data, "labelled sentences or pairs: a TSV file with a header line");
    field("dtype", dtype, "what to compute in: float32, float64, bfloat16, float16");
    field("batch_size", batch_size, "sentences computed together, at most");
    field("tokens_per_batch", tokens_per_batch,
          "tokens computed together, at most: long texts then need no more memory than short ones; 0: no limit");
    field("threads", threads, "threads to use; 0: every core");
    profiling.fields(field);
  }
};

}  // namespace

int evaluate(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet evaluate", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Measures a classifier on labelled sentences or pairs: its accuracy, or for regression Pearson's correlation."});
  check(!options.preset.empty(), "--preset: must name a classifier, got nothing");
  check(!options.data.empty(), "--data: must name a file, got nothing");
  use_threads(options.threads);
  Profiling profiling(options.profiling);
  const auto model = BertTextClassifier::from_preset(options.preset, {.preset = {.dtype = options.dtype, .map_weights = true}});
  std::cout << measures_line(measure(*model, read_labelled(options.data, *model), options.batch_size, options.tokens_per_batch)) << '\n';
  std::cerr << "linnet evaluate: " << peak_memory_text() << '\n';
  profiling.finish();
  return 0;
}

}  // namespace linnet::tool
