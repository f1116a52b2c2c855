#pragma once

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
