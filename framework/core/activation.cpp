#include "framework/core/activation.h"

#include <array>

#include "framework/core/error.h"

namespace linnet {
namespace {
constexpr std::array<std::string_view, kActivations> kNames{
    "linear",         "relu",      "tanh",        "sigmoid",      "gelu",       "gelu_approximate", "leaky_relu",  "relu6",       "elu",
    "celu",           "selu",      "softplus",    "softsign",     "squareplus", "soft_shrink",      "hard_shrink", "tanh_shrink", "sparse_plus",
    "sparse_sigmoid", "silu",      "exponential", "hard_sigmoid", "hard_silu",  "hard_tanh",        "mish",        "log_sigmoid", "softmax",
    "log_softmax",    "sparsemax", "glu"};
}

std::string_view name_of(Activation activation) { return kNames[static_cast<std::size_t>(activation)]; }
std::ostream& operator<<(std::ostream& out, Activation activation) { return out << name_of(activation); }

Activation activation_from_name(std::string_view name) {
  if (name.empty()) return Activation::linear;
  if (name == "swish") return Activation::silu;
  if (name == "hard_swish") return Activation::hard_silu;
  std::string known;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Activation>(i);
    known += cat(i ? ", " : "", kNames[i]);
  }
  throw std::invalid_argument(cat("activation: must be one of ", known, ", got '", name, "'"));
}

}  // namespace linnet
