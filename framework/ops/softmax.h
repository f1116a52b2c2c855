#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

/// exp(x - max) / sum(exp(x - max)) over the last axis. x, result: (..., columns), float32 or float64. Saves the result.
Tensor softmax(const Tensor& x);

/// As above with the masked elements left out: where mask (int32, shape of x) is 0 the result is exactly 0; a row without
/// any unmasked element is all 0. Saves the result. Throws std::invalid_argument unless the shapes agree.
Tensor masked_softmax(const Tensor& x, const Tensor& mask);

}  // namespace linnet::ops
