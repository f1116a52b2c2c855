#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, the variance biased.
/// x, result: (..., columns), any float dtype; gamma, beta: (columns) of that dtype, or float32 with 16-bit x; undefined for ones and
/// zeros. Saves x, and mean and 1 / sqrt(variance + epsilon) of each row. Throws std::invalid_argument on other shapes or dtypes.
/// Source: Ba et al. 2016, arXiv:1607.06450.
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon);

struct AddLayerNormOptions {
  double epsilon = 1e-5;
  double dropout = 0;                      ///< rate of the dropout on x
  const SequenceLayout* layout = nullptr;  ///< the rows' places in the global batch, as for ops::dropout
};
/// layer_norm(residual + dropout(x)): the end of each half of a transformer block, in one pass.
/// x, residual, result: (..., columns). Saves the sum, mean and 1 / sqrt(variance + epsilon), not x. Throws as layer_norm and dropout do, and unless
/// the shapes agree.
Tensor add_layer_norm(const Tensor& x, const Tensor& residual, const Tensor& gamma, const Tensor& beta, const AddLayerNormOptions& options);

}  // namespace linnet::ops
