#include "framework/layers/dense.h"

#include "framework/layers/registry.h"

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
  field("lora_rank", lora_rank);
  field("lora_alpha", lora_alpha);
}

Dense::Dense(const Config& config) : config_(config), activation_(activation_from_name(config.activation)) {
  check(config.input_dim > 0, "Dense: input_dim must be positive, got ", config.input_dim);
  check(config.units > 0, "Dense: units must be positive, got ", config.units);
  add_main_weight("kernel", {config.input_dim, config.units}, config.kernel_initializer, config.dtype);
  if (config.use_bias) bias_ = add_weight("bias", {config.units}, config.bias_initializer, config.dtype.variable);
  if (config.lora_rank) enable_lora(*config.lora_rank, config.lora_alpha);
}

Tensor Dense::forward(const Tensor& x) const { return product(x, bias_, activation_); }

}  // namespace linnet
