#include "framework/layers/layer_normalization.h"

#include "framework/layers/autocast.h"
#include "framework/layers/axes_last.h"
#include "framework/layers/registry.h"
#include "framework/ops/layer_norm.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {
const bool registered = register_layer<LayerNormalization>("LayerNormalization");
}

void LayerNormalization::Config::fields(FieldVisitor& field) {
  field("dim", dim);
  field("axis", axis);
  field("shape", shape);
  field("epsilon", epsilon);
  field("center", center);
  field("scale", scale);
  field("beta_initializer", beta_initializer);
  field("gamma_initializer", gamma_initializer);
  field("dtype", dtype);
}

LayerNormalization::LayerNormalization(const Config& config) : config_(config) {
  const Shape shape = normalized_shape("LayerNormalization", config.dim, config.axis, config.shape);
  check(config.epsilon >= 0, "LayerNormalization: epsilon must not be negative, got ", config.epsilon);
  if (config.scale) gamma_ = add_weight("gamma", shape, config.gamma_initializer, config.dtype.variable);
  if (config.center) beta_ = add_weight("beta", shape, config.beta_initializer, config.dtype.variable);
}

Tensor LayerNormalization::forward(const Tensor& input) const {
  const Tensor x = autocast(input, config_.dtype);  // gamma and beta are not cast, as in Keras: the op computes in float32 at least
  if (config_.axis.empty()) return ops::layer_norm(x, gamma_, beta_, config_.epsilon);
  // The axes become the last ones, and those one.
  const AxesLast axes("LayerNormalization", x, config_.axis, config_.shape);
  const auto flat = [&](const Tensor& weight) { return weight.defined() ? ops::reshape(weight, {weight.size()}) : weight; };
  return axes.back(ops::layer_norm(axes.rows(), flat(gamma_), flat(beta_), config_.epsilon));
}

Tensor LayerNormalization::forward_residual(const Tensor& x, const Tensor& residual, double dropout, const SequenceLayout* layout) const {
  check(config_.axis.empty(), "LayerNormalization: forward_residual must normalise over the last axis, got axis ", config_.axis);
  return ops::add_layer_norm(autocast(x, config_.dtype), autocast(residual, config_.dtype), gamma_, beta_,
                             {.epsilon = config_.epsilon, .dropout = dropout, .layout = layout});
}

}  // namespace linnet
