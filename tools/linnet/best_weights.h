#pragma once

#include <optional>
#include <vector>

#include "tools/linnet/training_run.h"

namespace linnet::tool {

/// Measures a model while it trains and keeps the weights with which it did best, in a checkpoint if the run has them, else in
/// memory: early stopping. When and what they came to stands in the run's notes.
class BestWeights {
 public:
  /// All must outlive it.
  BestWeights(const BertTextClassifier& model, const TextDataset& dev, TrainingRun& run) : model_(model), dev_(dev), run_(run) {}
  /// Measures the model, which has done `step` steps, and keeps its weights if it is better than ever: by accuracy, for regression
  /// by correlation. Gives back what was measured.
  Measures look(std::int64_t step);
  /// Gives the model the best weights back; nothing happens if it was never measured.
  void restore();

 private:
  const BertTextClassifier& model_;
  const TextDataset& dev_;
  TrainingRun& run_;
  std::vector<Tensor> weights_;
};

}  // namespace linnet::tool
