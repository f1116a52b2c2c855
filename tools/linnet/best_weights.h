#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/linnet/classify.h"

namespace linnet::tool {

/// Measures a model while it trains and remembers the weights with which it did best: early stopping.
class BestWeights {
 public:
  /// The model and the dataset must outlive it.
  BestWeights(const BertTextClassifier& model, const TextDataset& dev) : model_(model), dev_(dev) {}
  /// Measures the model, and copies its weights if it is better than ever: by accuracy, for regression by correlation.
  void look(std::int64_t step);
  /// Gives the model the best weights back and says what they came to; nothing if it was never measured.
  std::optional<Measures> restore();
  /// When the best weights were met.
  std::int64_t step() const { return step_; }

 private:
  const BertTextClassifier& model_;
  const TextDataset& dev_;
  std::int64_t step_ = 0;
  std::optional<Measures> best_;
  std::vector<Tensor> weights_;
};

}  // namespace linnet::tool
