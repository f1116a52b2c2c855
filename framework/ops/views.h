#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

/// The same elements under another shape; shares memory. One extent may be -1: what is left over. Saves nothing. Throws
/// std::invalid_argument unless the counts agree.
Tensor reshape(const Tensor& x, const Shape& shape);

/// x with a new axis of extent 1, which is `axis` of the result; shares memory. Saves nothing. Throws std::invalid_argument if it
/// has no such axis.
Tensor expand_dims(const Tensor& x, int axis);

/// x without an axis of extent 1; shares memory. Saves nothing. Throws std::invalid_argument unless it is one.
Tensor squeeze(const Tensor& x, int axis);

/// Rows [begin, end) of the first axis; shares memory. Saves nothing. Throws std::invalid_argument unless they exist.
Tensor slice_rows(const Tensor& x, std::int64_t begin, std::int64_t end);

}  // namespace linnet::ops
