#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "framework/data/dataset.h"
#include "framework/train/evaluate.h"
#include "models/bert/bert_text_classifier.h"

namespace linnet::tool {

/// Sets the number of threads unless it is 0, which means every core.
void use_threads(std::int64_t threads);

/// Counts how many sentences of a labelled dataset the model classifies right, with a progress bar.
Accuracy measure(const BertTextClassifier& model, const TextDataset& dataset, std::int64_t batch_size = 64);

/// "accuracy 0.8991 (784 of 872)"
std::string accuracy_line(const Accuracy& accuracy);

/// "0.8991"
std::string four_digits(double value);

}  // namespace linnet::tool
