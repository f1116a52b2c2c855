#include <iostream>

#include "framework/config/flags.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, data;
  DTypePolicy dtype;
  std::int64_t batch_size = 64, threads = 0;
  void fields(FieldVisitor& field) {
    field("preset", preset, "the classifier: a preset's name, handle or directory");
    field("data", data, "labelled sentences or pairs: a TSV file with a header line");
    field("dtype", dtype, "what to compute in: float32, float64, bfloat16, float16");
    field("batch_size", batch_size, "sentences computed together");
    field("threads", threads, "threads to use; 0: every core");
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
  const auto model = BertTextClassifier::from_preset(options.preset, {.preset = {.dtype = options.dtype}});
  std::cout << measures_line(measure(*model, read_labelled(options.data, *model), options.batch_size)) << '\n';
  return 0;
}

}  // namespace linnet::tool
