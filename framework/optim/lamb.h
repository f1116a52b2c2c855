#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// Adam's m and v, then the layer-wise rate: u = (m / (1 - beta_1^t)) / (sqrt(v / (1 - beta_2^t)) + epsilon);
/// w -= lr u |w| / |u|, the ratio 1 where a norm is 0. Slots: momentum, velocity.
/// Source: keras.optimizers.Lamb; You et al. 2019, arXiv:1904.00962.
class Lamb : public Optimizer {
 public:
  struct Config {
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    void fields(FieldVisitor& field);
  };
  explicit Lamb(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Lamb(parameters, common, Config()) {}
  Lamb(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<std::vector<Tensor>> slots_;  // m, v
};

}  // namespace linnet
