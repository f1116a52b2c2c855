#include "framework/optim/loss_scale_optimizer.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"
#include "framework/core/grad_slot.h"
#include "framework/core/random.h"
#include "framework/layers/finite.h"

namespace linnet {
void LossScaleOptimizer::Config::fields(FieldVisitor& field) {
  field("initial_scale", initial_scale, "factor of the loss at the start");
  field("dynamic_growth_steps", dynamic_growth_steps, "steps with finite gradients before the factor doubles");
}

LossScaleOptimizer::LossScaleOptimizer(std::unique_ptr<Optimizer> inner, const Config& config) : inner_(std::move(inner)), config_(config) {
  check(inner_ != nullptr, "LossScaleOptimizer: inner must be an optimizer, got none");
  check(std::isfinite(config.initial_scale) && config.initial_scale > 0, "LossScaleOptimizer: initial_scale must be positive and finite, got ",
        config.initial_scale);
  check(config.dynamic_growth_steps > 0, "LossScaleOptimizer: dynamic_growth_steps must be positive, got ", config.dynamic_growth_steps);
  step_counter_ = Tensor::zeros({}, DType::int32);
  dynamic_scale_ = Tensor::full({}, config.initial_scale);
}

Tensor LossScaleOptimizer::scaled_one(const Tensor& loss) const { return Tensor::full(loss.shape(), scale(), loss.dtype()); }

bool LossScaleOptimizer::step(double learning_rate) {
  std::int32_t& counter = step_counter_.mutable_data<std::int32_t>()[0];
  float& scale = dynamic_scale_.mutable_data<float>()[0];
  if (!gradients_are_finite()) {
    for (const Parameter& parameter : inner_->parameters()) Tensor(parameter.tensor).clear_grad();
    counter = 0;
    scale *= 0.5f;
    advance_random_step();  // the next try draws other masks
    return false;
  }
  inner_->step(learning_rate, double{scale});
  if (++counter == config_.dynamic_growth_steps) {
    counter = 0;
    scale *= 2;
  }
  return true;
}

double LossScaleOptimizer::scale() const { return dynamic_scale_.item(); }

std::vector<Parameter> LossScaleOptimizer::state() const {
  std::vector<Parameter> state{{"loss_scale_optimizer/step_counter", step_counter_}, {"loss_scale_optimizer/dynamic_scale", dynamic_scale_}};
  const std::vector<Parameter> inner = inner_->state();
  state.insert(state.end(), inner.begin(), inner.end());
  return state;
}

bool LossScaleOptimizer::gradients_are_finite() const {
  return std::ranges::all_of(inner_->parameters(), [](const Parameter& parameter) {
    const GradSlot& slot = *parameter.tensor.grad_slot();
    return (!slot.grad.defined() || all_finite(slot.grad)) &&
           std::ranges::all_of(slot.row_grads, [](const RowGrad& part) { return all_finite(part.rows); });
  });
}

}  // namespace linnet
