#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// Adam with Nesterov momentum and its schedule u_t = beta_1 (1 - 0.96^t / 2): with m and v as Adam's and U the product of u,
/// w -= lr (u_(t+1) m / (1 - U u_(t+1)) + (1 - u_t) g / (1 - U)) / (sqrt(v / (1 - beta_2^t)) + epsilon).
/// Slots: momentum, velocity; state: u_product, which Keras does not save. Source: keras.optimizers.Nadam; Dozat 2015.
class Nadam : public Optimizer {
 public:
  struct Config {
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    void fields(FieldVisitor& field);
  };
  explicit Nadam(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Nadam(parameters, common, Config()) {}
  Nadam(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<std::vector<Tensor>> slots_;  // m, v
  Tensor u_product_;
};

}  // namespace linnet
