#pragma once

#include "framework/core/activation.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// activation(x), elementwise or, for softmax, log_softmax, sparsemax and glu, over the last axis (ops/softmax.h).
/// x, result: any shape (glu halves the last axis), any float dtype. Saves x. Throws std::invalid_argument on other dtypes.
Tensor activate(const Tensor& x, Activation activation);
inline Tensor relu(const Tensor& x) { return activate(x, Activation::relu); }
inline Tensor tanh(const Tensor& x) { return activate(x, Activation::tanh); }
inline Tensor sigmoid(const Tensor& x) { return activate(x, Activation::sigmoid); }
/// x Φ(x), the exact form. Saves x.
inline Tensor gelu(const Tensor& x) { return activate(x, Activation::gelu); }
/// The tanh form: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). Saves x.
inline Tensor gelu_approximate(const Tensor& x) { return activate(x, Activation::gelu_approximate); }

}  // namespace linnet::ops
