#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

namespace linnet {

/// Activations, named as Keras names them. `gelu` is the exact (erf) form. Keras' default arguments: leaky_relu has slope 0.2,
/// elu and celu alpha 1, the shrinks threshold 0.5, squareplus b 4.
enum class Activation : std::uint8_t {
  linear,
  relu,
  tanh,
  sigmoid,
  gelu,
  gelu_approximate,
  leaky_relu,
  relu6,
  elu,
  celu,
  selu,
  softplus,
  softsign,
  squareplus,
  soft_shrink,
  hard_shrink,
  tanh_shrink,
  sparse_plus,
  sparse_sigmoid,
  silu,
  exponential,
  hard_sigmoid,
  hard_silu,
  hard_tanh,
  mish,
  log_sigmoid,
  // === Those of a whole row, not of an element
  softmax,
  log_softmax,
  sparsemax,
  glu
};
inline constexpr int kActivations = static_cast<int>(Activation::glu) + 1;

/// Each element of the result depends on one element of the input alone.
constexpr bool is_elementwise(Activation activation) { return activation < Activation::softmax; }
/// "gelu_approximate", …
std::string_view name_of(Activation activation);
/// The inverse; "" means linear, "swish" and "hard_swish" silu and hard_silu. Throws std::invalid_argument that lists the known names.
Activation activation_from_name(std::string_view name);
std::ostream& operator<<(std::ostream& out, Activation activation);

}  // namespace linnet
