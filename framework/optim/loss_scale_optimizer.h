#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "framework/optim/optimizer.h"

namespace linnet {

/// Dynamic loss scaling for float16, whose smallest gradients would vanish: the loss is multiplied by a scale before backward, the
/// gradients are divided by it before the update. A step whose gradients are not all finite is left out and halves the scale; so
/// many good steps in a row double it. As keras.optimizers.LossScaleOptimizer, which Keras' compile puts around the optimizer of a
/// model in mixed_float16. Source: Micikevicius et al. 2017, arXiv:1710.03740, section 3.2.
///
///     LossScaleOptimizer optimizer(std::make_unique<AdamW>(model.parameters()));
///     tape.backward(loss, optimizer.scaled_one(loss));
///     optimizer.step(learning_rate);
class LossScaleOptimizer {
 public:
  struct Config {
    double initial_scale = 32768;
    std::int64_t dynamic_growth_steps = 2000;  ///< good steps before the scale doubles
    void fields(FieldVisitor& field);
  };
  /// Keras' compile wraps the optimizer for this policy and no other.
  static bool is_default_for(const DTypePolicy& policy) { return policy.name() == "mixed_float16"; }

  /// Throws std::invalid_argument unless there is an optimizer, initial_scale is positive and finite, and dynamic_growth_steps is
  /// positive.
  explicit LossScaleOptimizer(std::unique_ptr<Optimizer> inner) : LossScaleOptimizer(std::move(inner), Config()) {}
  LossScaleOptimizer(std::unique_ptr<Optimizer> inner, const Config& config);

  /// What to start backward with: the gradient of scale * loss with respect to the loss. Of the loss' shape and dtype.
  Tensor scaled_one(const Tensor& loss) const;
  /// Takes (and clears) the gradients. True if they were finite and the inner optimizer took a step with them; if not, nothing but
  /// the scale and the random step changes. Throws as Optimizer::step does.
  bool step(double learning_rate);

  /// The factor of the loss.
  double scale() const;
  Optimizer& inner() { return *inner_; }
  const Optimizer& inner() const { return *inner_; }
  /// "loss_scale_optimizer/step_counter" (int32), "loss_scale_optimizer/dynamic_scale" (float32), then the inner optimizer's. Handles
  /// share memory: assign to them to restore.
  std::vector<Parameter> state() const;

 private:
  bool gradients_are_finite() const;

  std::unique_ptr<Optimizer> inner_;
  Config config_;
  Tensor step_counter_, dynamic_scale_;
};

}  // namespace linnet
