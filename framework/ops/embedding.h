#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// Rows of `table` by number. table: (rows, columns), any float dtype; ids: int32, any shape, may repeat;
/// result: ids' shape and then columns. Saves the ids. The gradient of a weight stays sparse (core/grad_slot.h): (ids, rows) pairs.
/// Throws std::invalid_argument on other shapes and dtypes, and when an id is not in [0, rows), naming it and its place.
Tensor embedding(const Tensor& table, const Tensor& ids);

/// The first row of each sequence: [CLS]. x: (tokens, columns); result: (batch, columns). Saves their numbers.
/// Throws std::invalid_argument unless the layout covers the rows of x and no sequence is empty.
Tensor first_rows(const Tensor& x, const SequenceLayout& layout);

}  // namespace linnet::ops
