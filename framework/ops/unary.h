#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

// Functions of each element, named as in keras.ops. x, result: any shape, any float dtype. Each saves x and throws
// std::invalid_argument on other dtypes. tanh, sigmoid and the like are in ops/activations.h.

/// |x|; its gradient at 0 is 0.
Tensor abs(const Tensor& x);
/// The smallest whole number not below x; no gradient flows, as for floor, round and sign.
Tensor ceil(const Tensor& x);
/// cos(x), x in radians.
Tensor cos(const Tensor& x);
/// 2/√π times the integral of e^(-t²) from 0 to x.
Tensor erf(const Tensor& x);
/// e^x.
Tensor exp(const Tensor& x);
/// e^x - 1, right for small x.
Tensor expm1(const Tensor& x);
/// The largest whole number not above x.
Tensor floor(const Tensor& x);
/// The natural logarithm.
Tensor log(const Tensor& x);
/// log(1 + x), right for small x.
Tensor log1p(const Tensor& x);
/// 1 / x.
Tensor reciprocal(const Tensor& x);
/// The nearest whole number, halves to even ones.
Tensor round(const Tensor& x);
/// 1 / √x.
Tensor rsqrt(const Tensor& x);
/// -1, 0 or 1.
Tensor sign(const Tensor& x);
/// sin(x), x in radians.
Tensor sin(const Tensor& x);
/// √x.
Tensor sqrt(const Tensor& x);
/// x².
Tensor square(const Tensor& x);

/// min(max(x, lowest), highest); the gradient passes where lowest <= x <= highest. Saves x. Throws also unless lowest <= highest.
Tensor clip(const Tensor& x, double lowest, double highest);

}  // namespace linnet::ops
