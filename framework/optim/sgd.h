#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// Gradient descent: w -= g lr. With momentum: m = m momentum - g lr, w += m; with nesterov: w += m momentum - g lr.
/// Slot: momentum, if momentum is not 0. Throws unless 0 <= momentum <= 1. Source: keras.optimizers.SGD; Sutskever et al. 2013.
class SGD : public Optimizer {
 public:
  struct Config {
    double momentum = 0;
    bool nesterov = false;
    void fields(FieldVisitor& field);
  };
  explicit SGD(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : SGD(parameters, common, Config()) {}
  SGD(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<Tensor> momentums_;
};

}  // namespace linnet
