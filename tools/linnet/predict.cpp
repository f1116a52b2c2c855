#include <iostream>
#include <nlohmann/json.hpp>

#include "framework/config/flags.h"
#include "framework/ops/softmax.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/peak_memory.h"
#include "tools/linnet/profiling.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, data;
  DTypePolicy dtype;
  bool json = false;
  std::int64_t batch_size = 64, tokens_per_batch = kTokensPerBatch, threads = 0;
  ProfilingOptions profiling;
  void fields(FieldVisitor& field) {
    field("preset", preset, "the classifier: a preset's name, handle or directory");
    field("data", data, "sentences: one a line, or a .tsv file with a header line; labels are not needed");
    field("json", json, "print an object a sentence: text, label, probabilities, logits; for regression text, value");
    field("dtype", dtype, "what to compute in: float32, float64, bfloat16, float16");
    field("batch_size", batch_size, "sentences computed together, at most");
    field("tokens_per_batch", tokens_per_batch,
          "tokens computed together, at most: long texts then need no more memory than short ones; 0: no limit");
    field("threads", threads, "threads to use; 0: every core");
    profiling.fields(field);
  }
};

/// One sentence's answer as a line.
std::string answer(const TextExample& example, const std::vector<std::string>& names, std::span<const double> logits,
                   std::span<const double> probabilities, bool json) {
  if (names.size() == 1) {  // regression
    if (!json) return cat(four_digits(logits[0]), '\t', example.text, example.text_pair.empty() ? "" : "\t", example.text_pair);
    nlohmann::ordered_json row{{"text", example.text}};
    if (!example.text_pair.empty()) row["text_pair"] = example.text_pair;
    row["value"] = logits[0];
    return row.dump();
  }
  const auto best = static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  if (!json)
    return cat(names[best], '\t', four_digits(probabilities[best]), '\t', example.text, example.text_pair.empty() ? "" : "\t", example.text_pair);
  nlohmann::ordered_json row;
  row["text"] = example.text;
  if (!example.text_pair.empty()) row["text_pair"] = example.text_pair;
  row["label"] = names[best];
  row["probabilities"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < names.size(); ++i) row["probabilities"][names[i]] = probabilities[i];
  row["logits"] = std::vector<double>(logits.begin(), logits.end());
  return row.dump();
}

}  // namespace

int predict(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> texts;
  read_flags("linnet predict", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Classifies sentences: a line each with label, probability and text; for regression value and text.",
              .positional = &texts,
              .positional_help = "sentences to classify"});
  check(!options.preset.empty(), "--preset: must name a classifier, got nothing");
  use_threads(options.threads);
  Profiling profiling(options.profiling);
  const TextDataset dataset = read_sentences("predict", options.data, texts);
  const auto model = BertTextClassifier::from_preset(options.preset, {.preset = {.dtype = options.dtype, .map_weights = true}});
  const DataLoader loader(dataset, model->preprocessor(), {.batch_size = options.batch_size, .tokens_per_batch = options.tokens_per_batch});
  for (const TextBatch& batch : loader.epoch(0)) {
    const Tensor logits = model->forward(batch.inputs);
    const std::vector<double> values = logits.to_vector(), probabilities = ops::softmax(logits).to_vector();
    const auto classes = static_cast<std::size_t>(logits.dim(1));
    for (std::size_t i = 0; i < batch.indices.size(); ++i)
      std::cout << answer(dataset.at(batch.indices[i]), model->label_names(), {values.data() + i * classes, classes},
                          {probabilities.data() + i * classes, classes}, options.json)
                << '\n';
  }
  std::cerr << "linnet predict: " << peak_memory_text() << '\n';
  profiling.finish();
  return 0;
}

}  // namespace linnet::tool
