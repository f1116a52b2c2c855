#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

/// x / sqrt(mean(x²) + epsilon) * scale over the last axis. x, result: (..., columns), any float dtype; scale: (columns) of that
/// dtype, or float32 with 16-bit x; undefined for ones. Saves x and 1 / sqrt(…) of each row. Throws std::invalid_argument on other shapes or dtypes.
/// Source: Zhang and Sennrich 2019, arXiv:1910.07467.
Tensor rms_norm(const Tensor& x, const Tensor& scale, double epsilon);

/// x / max(|x|, 1e-7) over the last axis, |x| the Euclidean norm: unit rows, and zeros stay zeros. x, result: (..., columns),
/// any float dtype. Saves x and 1 / |x| of each row. Throws std::invalid_argument on a scalar. As keras.ops.normalize.
Tensor l2_normalize(const Tensor& x);

}  // namespace linnet::ops
