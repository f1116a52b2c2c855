#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

/// The same elements under another shape; shares memory. Saves nothing. Throws std::invalid_argument unless the counts agree.
Tensor reshape(const Tensor& x, const Shape& shape);

/// Rows [begin, end) of the first axis; shares memory. Saves nothing. Throws std::invalid_argument unless they exist.
Tensor slice_rows(const Tensor& x, std::int64_t begin, std::int64_t end);

}  // namespace linnet::ops
