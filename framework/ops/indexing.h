#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

// Elements by number. Indices are int32 in [0, extent); each throws std::invalid_argument otherwise, naming the first wrong one and
// its position, and on an axis that is not there. Negative axes count from the end.

/// The elements of one axis that `indices` name, which take its place: x (2, 5, 3), indices (4, 6), axis 1 -> (2, 4, 6, 3). x:
/// any float dtype. Indices may repeat. Saves the indices. The rows of a weight are looked up by ops::embedding, whose gradient is sparse.
Tensor take(const Tensor& x, const Tensor& indices, int axis);
/// One element of an axis for each index: result(i, j, k) = x(i, indices(i, j, k), k) for axis 1. x: any float dtype; indices:
/// x's shape but for that axis; result: their shape. Saves the indices. Throws also on other shapes.
Tensor take_along_axis(const Tensor& x, const Tensor& indices, int axis);

/// 1 at the index, 0 elsewhere, along a new last axis. indices: any shape; result: (..., classes), a constant. Saves nothing.
Tensor one_hot(const Tensor& indices, std::int64_t classes, DType dtype = DType::float32);
/// The index of the largest element along an axis, the first one of equals: int32, x's shape without the axis; nothing flows back.
/// x: any float dtype. Saves nothing. Throws also if the axis has no elements.
Tensor argmax(const Tensor& x, int axis);
/// The index of the smallest one, likewise. Saves nothing.
Tensor argmin(const Tensor& x, int axis);

/// The largest elements of each row, and where they stand.
struct TopK {
  Tensor values;   ///< (..., k), descending; equal ones in their order
  Tensor indices;  ///< (..., k) int32
};
/// The k largest elements along the last axis. x: any float dtype. Saves the indices. Throws also unless 0 < k <= the extent.
TopK top_k(const Tensor& x, std::int64_t k);

}  // namespace linnet::ops
