#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

/// x in another dtype, rounded to the nearest; x itself where that is its dtype. Any shape; the gradient is cast back. Saves nothing.
/// The result of an undefined tensor is undefined.
Tensor cast(const Tensor& x, DType dtype);

}  // namespace linnet::ops
