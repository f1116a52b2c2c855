#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

// One row a sequence from its rows that are keys (SequenceLayout::is_key). x: (tokens, columns), any float dtype;
// result: (batch, columns). Each throws std::invalid_argument unless the layout covers the rows of x.

/// Their mean; zeros for a sequence without any. Saves the layout.
Tensor mean_pool(const Tensor& x, const SequenceLayout& layout);
/// The largest of each column, whose gradient goes to the first row that has it; -infinity for a sequence without any.
/// Saves the row of each largest element.
Tensor max_pool(const Tensor& x, const SequenceLayout& layout);

}  // namespace linnet::ops
