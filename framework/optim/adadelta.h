#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// a = rho a + (1 - rho) g²; d = -g sqrt(b + epsilon) / sqrt(a + epsilon); b = rho b + (1 - rho) d²; w += lr d.
/// Slots: accumulated_grad (a), accumulated_delta_var (b). Source: keras.optimizers.Adadelta; Zeiler 2012, arXiv:1212.5701.
class Adadelta : public Optimizer {
 public:
  struct Config {
    double rho = 0.95;
    double epsilon = 1e-7;
    void fields(FieldVisitor& field);
  };
  explicit Adadelta(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Adadelta(parameters, common, Config()) {}
  Adadelta(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<std::vector<Tensor>> slots_;  // a, b
};

}  // namespace linnet
