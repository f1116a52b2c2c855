#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// a += g²; w -= lr g / sqrt(a + epsilon). Slot: accumulator. Source: keras.optimizers.Adagrad; Duchi et al. 2011.
class Adagrad : public Optimizer {
 public:
  struct Config {
    double initial_accumulator_value = 0.1;
    double epsilon = 1e-7;
    void fields(FieldVisitor& field);
  };
  explicit Adagrad(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Adagrad(parameters, common, Config()) {}
  Adagrad(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<Tensor> accumulators_;
};

}  // namespace linnet
