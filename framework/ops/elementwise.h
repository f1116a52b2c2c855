#pragma once

#include "framework/core/activation.h"
#include "framework/core/tensor.h"

namespace linnet {
namespace ops {

// Arithmetic with NumPy's broadcasting: shapes are aligned at the last axis, extents of 1 stretch. float32 or float64.
// Each throws std::invalid_argument when the shapes do not broadcast or the dtypes differ.

/// a + b. Saves nothing.
Tensor add(const Tensor& a, const Tensor& b);
/// a - b. Saves nothing.
Tensor subtract(const Tensor& a, const Tensor& b);
/// a b, elementwise. Saves both.
Tensor multiply(const Tensor& a, const Tensor& b);
/// a / b. Saves both.
Tensor divide(const Tensor& a, const Tensor& b);
/// factor x. Saves nothing.
Tensor scale(const Tensor& x, double factor);

/// activation(x), elementwise. Saves x.
Tensor activate(const Tensor& x, Activation activation);
inline Tensor relu(const Tensor& x) { return activate(x, Activation::relu); }
inline Tensor tanh(const Tensor& x) { return activate(x, Activation::tanh); }
inline Tensor sigmoid(const Tensor& x) { return activate(x, Activation::sigmoid); }
/// x Φ(x), the exact form. Saves x.
inline Tensor gelu(const Tensor& x) { return activate(x, Activation::gelu); }
/// The tanh form: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). Saves x.
inline Tensor gelu_approximate(const Tensor& x) { return activate(x, Activation::gelu_approximate); }

/// Sum of all elements, a scalar (); in order, whatever the number of threads. Saves nothing.
Tensor sum(const Tensor& x);
/// sum(x) / x.size(). Saves nothing. Throws if x has no elements.
Tensor mean(const Tensor& x);

}  // namespace ops

/// The ops of these signs.
inline Tensor operator+(const Tensor& a, const Tensor& b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return ops::subtract(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return ops::multiply(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return ops::divide(a, b); }
inline Tensor operator*(double factor, const Tensor& x) { return ops::scale(x, factor); }

}  // namespace linnet
