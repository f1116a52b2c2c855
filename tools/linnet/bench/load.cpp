#include <chrono>
#include <nlohmann/json.hpp>

#include "framework/config/flags.h"
#include "framework/data/data_loader.h"
#include "models/bert/bert_text_classifier.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"

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

}  // namespace

int bench_load(const std::vector<std::string>& arguments) {
  const auto start = std::chrono::steady_clock::now();
  Options options;
  read_flags("linnet bench load", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times one start: loading a preset and answering one sentence, once, as a program does that has just begun."});
  check(!options.preset.empty(), "--preset: must name a preset, got nothing");
  use_threads(options.threads);
  const auto model = BertTextClassifier::from_preset(options.preset, {.num_classes = 2, .preset = {.map_weights = true}});
  const double load = milliseconds_since(start);
  const TextDataset question({{options.text, "", 0}}, {}, false);
  model->forward(DataLoader(question, model->preprocessor(), {}).batch({0}).inputs);
  const double first_answer = milliseconds_since(start);
  print_case({{"case", "load"}, {"model", options.preset}, {"task", "infer"}, {"dtype", "float32"}}, {first_answer / 1e3, first_answer / 1e3, 0},
             {{"load_ms", std::round(load * 10) / 10}, {"first_answer_ms", std::round(first_answer * 10) / 10}});
  return 0;
}

}  // namespace linnet::tool
