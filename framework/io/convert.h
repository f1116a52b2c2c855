#pragma once

#include "framework/core/tensor.h"

namespace linnet {

/// The values of `source` in another dtype, for files: float32, float64, bfloat16 and float16 convert into each other, and
/// int8 and int32 into those, rounded to the nearest. Shares memory when the dtype is the same.
/// Throws std::invalid_argument when a float would become an integer, or int32 int8.
Tensor convert(const Tensor& source, DType dtype);

}  // namespace linnet
