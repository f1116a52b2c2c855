#include <iostream>

#include "framework/config/flags.h"
#include "models/bert/bert_quantize.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, output;
  std::int64_t threads = 0;
  void fields(FieldVisitor& field) {
    field("preset", preset, "what to quantize: a preset's name, handle or directory");
    field("output", output, "directory for the int8 preset");
    field("threads", threads, "threads to use; 0: every core");
  }
};

}  // namespace

int quantize(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet quantize", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Copies a preset with the weights of its backbone as int8: a quarter of the size, for evaluate and predict."});
  check(!options.preset.empty(), "--preset: must name what to quantize, got nothing");
  check(!options.output.empty(), "--output: must name a directory, got nothing");
  use_threads(options.threads);
  quantize_bert_preset(options.preset, options.output);
  std::cout << "saved to " << options.output << '\n';
  return 0;
}

}  // namespace linnet::tool
