#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

namespace linnet {

/// Elementwise activations, named as Keras names them. `gelu` is the exact (erf) form.
enum class Activation : std::uint8_t { linear, relu, tanh, sigmoid, gelu, gelu_approximate };

/// "gelu_approximate", …
std::string_view name_of(Activation activation);
/// The inverse; "" means linear. Throws std::invalid_argument that lists the known names.
Activation activation_from_name(std::string_view name);
std::ostream& operator<<(std::ostream& out, Activation activation);

}  // namespace linnet
