#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// m += (g - m)(1 - beta_1); u = max(beta_2 u, |g|); w -= lr m / ((1 - beta_1^t)(u + epsilon)). Slots: momentum, norm (u).
/// Source: keras.optimizers.Adamax; Kingma and Ba 2014, arXiv:1412.6980, section 7.1.
class Adamax : public Optimizer {
 public:
  struct Config {
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    void fields(FieldVisitor& field);
  };
  explicit Adamax(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Adamax(parameters, common, Config()) {}
  Adamax(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<std::vector<Tensor>> slots_;  // m, u
};

}  // namespace linnet
