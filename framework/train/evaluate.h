#pragma once

#include <functional>
#include <vector>

#include "framework/data/data_loader.h"

namespace linnet {

/// How many of `total` examples a classifier got right.
struct Accuracy {
  std::int64_t correct = 0, total = 0;
  Accuracy& operator+=(const Accuracy& other) {
    correct += other.correct;
    total += other.total;
    return *this;
  }
  double value() const { return total == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(total); }
};

/// The class with the highest logit of each row; the first of equals. logits: (batch, classes), float32 or float64.
std::vector<std::int32_t> predicted_classes(const Tensor& logits);

/// How many rows of logits have their label on top. labels: (batch) int32. Throws unless there is one a row.
Accuracy count_correct(const Tensor& logits, const Tensor& labels);

/// Runs `forward` (packed tokens to logits) over every batch in the dataset's order. `after_batch`, when given, hears the
/// tally so far.
Accuracy count_correct(const std::function<Tensor(const PackedTokens&)>& forward, const DataLoader& loader,
                       const std::function<void(const Accuracy&)>& after_batch = {});

/// The share of a loader's examples that the model classifies right, in [0, 1].
template <class Model>
double accuracy(const Model& model, const DataLoader& loader) {
  return count_correct([&](const PackedTokens& tokens) { return model.forward(tokens); }, loader).value();
}

}  // namespace linnet
