#include "framework/layers/dense.h"

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/dense.h"

namespace linnet {
namespace {
const bool registered = register_layer<Dense>("Dense");
}

void Dense::Config::fields(FieldVisitor& field) {
  field("input_dim", input_dim);
  field("units", units);
  field("activation", activation);
  field("use_bias", use_bias);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
}

Dense::Dense(const Config& config) : config_(config), activation_(activation_from_name(config.activation)) {
  check(config.input_dim > 0, "Dense: input_dim must be positive, got ", config.input_dim);
  check(config.units > 0, "Dense: units must be positive, got ", config.units);
  kernel_ = add_weight("kernel", {config.input_dim, config.units}, config.kernel_initializer, config.dtype.variable);
  if (config.use_bias) bias_ = add_weight("bias", {config.units}, config.bias_initializer, config.dtype.variable);
}

Tensor Dense::forward(const Tensor& x) const {
  return ops::dense(autocast(x, config_.dtype), autocast(kernel_, config_.dtype), autocast(bias_, config_.dtype), activation_);
}

}  // namespace linnet
