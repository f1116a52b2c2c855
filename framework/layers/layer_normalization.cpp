#include "framework/layers/layer_normalization.h"

#include "framework/layers/registry.h"

namespace linnet {
namespace {
const bool registered = register_layer<LayerNormalization>("LayerNormalization");
}

void LayerNormalization::Config::fields(FieldVisitor& field) {
  field("dim", dim);
  field("epsilon", epsilon);
  field("center", center);
  field("scale", scale);
  field("beta_initializer", beta_initializer);
  field("gamma_initializer", gamma_initializer);
  field("dtype", dtype);
}

LayerNormalization::LayerNormalization(const Config& config) : config_(config) {
  check(config.dim > 0, "LayerNormalization: dim must be positive, got ", config.dim);
  check(config.epsilon >= 0, "LayerNormalization: epsilon must not be negative, got ", config.epsilon);
  if (config.scale) gamma_ = add_weight("gamma", {config.dim}, config.gamma_initializer, config.dtype.variable);
  if (config.center) beta_ = add_weight("beta", {config.dim}, config.beta_initializer, config.dtype.variable);
}

Tensor LayerNormalization::forward_residual(const Tensor& x, const Tensor& residual, double dropout, const SequenceLayout* layout) const {
  return ops::add_layer_norm(x, residual, gamma_, beta_, {.epsilon = config_.epsilon, .dropout = dropout, .layout = layout});
}

}  // namespace linnet
