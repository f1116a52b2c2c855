#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "framework/data/dataset.h"
#include "framework/train/evaluate.h"
#include "models/bert/bert_text_classifier.h"

namespace linnet::tool {

/// Sets the number of threads unless it is 0, which means every core.
void use_threads(std::int64_t threads);

/// A model with one output predicts a number and no class.
inline bool is_regression(const BertTextClassifier& model) { return model.config().num_classes == 1; }
/// Labelled sentences for the model: its classes, or numbers. Throws std::runtime_error as read_tsv does, and for a file without
/// labels.
TextDataset read_labelled(const std::string& file, const BertTextClassifier& model);

/// Texts of a file, a .tsv or one a line; labels do not matter.
TextDataset read_texts(const std::string& file);
/// The texts of `file`, unless that is empty, and those of the command line. Throws std::invalid_argument if there are none.
TextDataset read_sentences(std::string_view command, const std::string& file, const std::vector<std::string>& texts);

/// What a model came to on a dataset; each as far as it applies.
struct Measures {
  std::optional<Accuracy> accuracy = {};
  std::optional<double> loss = {}, pearson = {};
  std::int64_t total = 0;  ///< examples, or masked tokens
};
/// Tokens that evaluate, predict and embed compute together unless told otherwise: enough for matrix products at their best.
constexpr std::int64_t kTokensPerBatch = 4096;
/// Runs the model over a labelled dataset, with a progress bar: the accuracy of a classifier, or for regression the mean squared
/// error and Pearson's correlation.
Measures measure(const BertTextClassifier& model, const TextDataset& dataset, std::int64_t batch_size = 64,
                 std::int64_t tokens_per_batch = kTokensPerBatch);
/// "accuracy 0.8991 (784 of 872)", or "pearson 0.8123, mse 0.5432 (1500 examples)"
std::string measures_line(const Measures& measures);

/// "0.8991"
std::string four_digits(double value);

}  // namespace linnet::tool
