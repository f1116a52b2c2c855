#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// v = rho v + (1 - rho) g²; w -= lr g / sqrt(v + epsilon). Centered: v less the square of a moving mean of g. With momentum:
/// p = momentum p + the step, w -= p. Slots: velocity, momentum if not 0, average_gradient if centered. Throws unless
/// 0 <= momentum <= 1. Source: keras.optimizers.RMSprop; Hinton, Srivastava, Swersky 2012, lecture 6e.
class RMSprop : public Optimizer {
 public:
  struct Config {
    double rho = 0.9;
    double momentum = 0;
    double epsilon = 1e-7;
    bool centered = false;
    void fields(FieldVisitor& field);
  };
  explicit RMSprop(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : RMSprop(parameters, common, Config()) {}
  RMSprop(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<Tensor> velocities_, momentums_, average_gradients_;
};

}  // namespace linnet
