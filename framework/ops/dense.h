#pragma once

#include <span>

#include "framework/core/activation.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// activation(x kernel + bias). An elementwise activation is fused; one of rows (ops::activate) follows.
/// x: (..., in); kernel: its leading extents multiply to `in`, the rest to `out`, so (in, out), (in, heads, head_dim) and
/// (heads, head_dim, out) all serve; bias: `out` elements, or undefined for none; result: (..., out), for glu
/// (..., out / 2). any float dtype.
/// Saves x, and the pre-activation unless the activation is linear. Throws std::invalid_argument on other shapes or mixed dtypes.
Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias = {}, Activation activation = Activation::linear);

/// Of one part of concatenated_dense; bias may be undefined.
struct DenseWeights {
  Tensor kernel, bias;
};
/// The results of dense(x, part.kernel, part.bias), side by side in one tensor (..., sum of outs): attention's query, key
/// and value in one buffer. Saves x. Throws as dense does, and if there is no part.
Tensor concatenated_dense(const Tensor& x, std::span<const DenseWeights> parts);

}  // namespace linnet::ops
