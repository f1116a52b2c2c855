#pragma once

#include "framework/core/tensor.h"

namespace linnet {
namespace ops {

// Arithmetic with NumPy's broadcasting: shapes are aligned at the last axis, extents of 1 stretch. any float dtype.
// Each throws std::invalid_argument when the shapes do not broadcast or the dtypes differ.

/// a + b. Saves nothing.
Tensor add(const Tensor& a, const Tensor& b);
/// a - b. Saves nothing.
Tensor subtract(const Tensor& a, const Tensor& b);
/// a b, elementwise. Saves both.
Tensor multiply(const Tensor& a, const Tensor& b);
/// a / b. Saves both.
Tensor divide(const Tensor& a, const Tensor& b);
/// a^b. Saves both. NaN where a is negative and b not whole; the gradient of b is 0 where a is 0.
Tensor power(const Tensor& a, const Tensor& b);
/// The smaller one of a and b; where they are equal each gets half of the gradient. Saves both.
Tensor minimum(const Tensor& a, const Tensor& b);
/// The larger one, likewise. Saves both.
Tensor maximum(const Tensor& a, const Tensor& b);
/// a where condition (int32) is not 0, else b; all three broadcast. Saves the condition. Throws also unless condition is int32.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// x with its extents of 1 and axes before the first stretched to `shape`. Saves nothing.
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// factor x. Saves nothing.
Tensor scale(const Tensor& x, double factor);

// Comparisons with broadcasting: int32, 1 where it holds and 0 where not, a constant. a, b: float32, float64 or int32, both the
// same. They throw as arithmetic does; nothing flows back through them and nothing is saved: each saves nothing.

/// a == b.
Tensor equal(const Tensor& a, const Tensor& b);
/// a != b.
Tensor not_equal(const Tensor& a, const Tensor& b);
/// a < b.
Tensor less(const Tensor& a, const Tensor& b);
/// a <= b.
Tensor less_equal(const Tensor& a, const Tensor& b);
/// a > b.
Tensor greater(const Tensor& a, const Tensor& b);
/// a >= b.
Tensor greater_equal(const Tensor& a, const Tensor& b);

}  // namespace ops

/// The ops of these signs; a number stands for a tensor of its value and the other's dtype.
inline Tensor operator+(const Tensor& a, const Tensor& b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return ops::subtract(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return ops::multiply(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return ops::divide(a, b); }
inline Tensor operator+(const Tensor& x, double number) { return ops::add(x, Tensor::full({}, number, x.dtype())); }
inline Tensor operator+(double number, const Tensor& x) { return x + number; }
inline Tensor operator-(const Tensor& x, double number) { return x + -number; }
inline Tensor operator-(double number, const Tensor& x) { return ops::subtract(Tensor::full({}, number, x.dtype()), x); }
inline Tensor operator*(double factor, const Tensor& x) { return ops::scale(x, factor); }
inline Tensor operator*(const Tensor& x, double factor) { return ops::scale(x, factor); }
inline Tensor operator/(const Tensor& x, double number) { return ops::divide(x, Tensor::full({}, number, x.dtype())); }
inline Tensor operator/(double number, const Tensor& x) { return ops::divide(Tensor::full({}, number, x.dtype()), x); }
inline Tensor operator-(const Tensor& x) { return ops::scale(x, -1); }

}  // namespace linnet
