#include "tools/linnet/classify.h"

#include <iomanip>
#include <sstream>

#include "framework/core/parallel.h"
#include "framework/data/text_lines.h"
#include "framework/data/tsv.h"
#include "framework/train/metrics.h"
#include "tools/linnet/progress.h"

namespace linnet::tool {
namespace {

Measures measure_regression(const BertTextClassifier& model, const TextDataset& dataset, const DataLoader::Config& batches) {
  const DataLoader loader(dataset, model.preprocessor(), batches);
  Progress progress("evaluate", dataset.size(), "sentences");
  PearsonCorrelation pearson;
  double squares = 0;
  Measures measures;
  for (const TextBatch& batch : loader.epoch(0)) {
    const Tensor predicted = model.forward(batch.inputs).reshape(batch.labels.shape());
    pearson.update(batch.labels, predicted);
    const std::vector<double> expected = batch.labels.to_vector(), actual = predicted.to_vector();
    for (std::size_t i = 0; i < expected.size(); ++i) squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    measures.total += batch.labels.size();
    progress.update(measures.total, "pearson " + four_digits(pearson.result()));
  }
  measures.loss = squares / static_cast<double>(measures.total);
  measures.pearson = pearson.result();
  return measures;
}

}  // namespace

void use_threads(std::int64_t threads) {
  check(threads >= 0 && threads <= 1024, "--threads: must be 0 (every core) to 1024, got ", threads);
  if (threads > 0) set_num_threads(static_cast<int>(threads));
}

TextDataset read_labelled(const std::string& file, const BertTextClassifier& model) {
  const TextDataset dataset = is_regression(model) ? read_tsv(file, {.regression = true}) : read_tsv(file, {.label_names = model.label_names()});
  check_file(dataset.labelled(), file, ": must have a label column, got none");
  return dataset;
}

TextDataset read_texts(const std::string& file) { return file.ends_with(".tsv") ? read_tsv(file) : read_text_lines(file); }

TextDataset read_sentences(std::string_view command, const std::string& file, const std::vector<std::string>& texts) {
  std::vector<TextExample> examples;
  if (!file.empty()) {
    const TextDataset dataset = read_texts(file);
    for (std::int64_t i = 0; i < dataset.size(); ++i) examples.push_back(dataset.at(i));
  }
  for (const std::string& text : texts) examples.push_back({text, "", 0});
  check(!examples.empty(), command, ": there must be sentences, got none (give them as arguments or by --data)");
  return TextDataset(std::move(examples), {}, false);
}

Measures measure(const BertTextClassifier& model, const TextDataset& dataset, std::int64_t batch_size, std::int64_t tokens_per_batch) {
  const DataLoader::Config batches{.batch_size = batch_size, .regression = is_regression(model), .tokens_per_batch = tokens_per_batch};
  if (batches.regression) return measure_regression(model, dataset, batches);
  const DataLoader loader(dataset, model.preprocessor(), batches);
  Progress progress("evaluate", dataset.size(), "sentences");
  Measures measures;
  measures.accuracy = count_correct([&](const PackedTokens& tokens) { return model.forward(tokens); }, loader,
                                    [&](const Accuracy& so_far) { progress.update(so_far.total, "accuracy " + four_digits(so_far.value())); });
  measures.total = measures.accuracy->total;
  return measures;
}

std::string measures_line(const Measures& measures) {
  std::string line;
  if (measures.accuracy)
    line = cat("accuracy ", four_digits(measures.accuracy->value()), " (", measures.accuracy->correct, " of ", measures.accuracy->total, ")");
  if (measures.pearson)
    return cat("pearson ", four_digits(*measures.pearson), ", mse ", four_digits(*measures.loss), " (", measures.total, " examples)");
  return measures.loss ? cat("loss ", four_digits(*measures.loss), ", ", line) : line;
}

std::string four_digits(double value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(4) << value;
  return text.str();
}

}  // namespace linnet::tool
