#include "framework/layers/activation.h"

#include "framework/layers/registry.h"
#include "framework/ops/activations.h"

namespace linnet::layers {
namespace {
const bool registered = register_layer<layers::Activation>("Activation");
}

Activation::Activation(const Config& config) : config_(config), activation_(activation_from_name(config.activation)) {}

Tensor Activation::forward(const Tensor& x) const { return ops::activate(x, activation_); }

}  // namespace linnet::layers
