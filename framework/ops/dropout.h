#pragma once

#include <vector>

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"
#include "framework/kernels/dropout.h"

namespace linnet::ops {

/// x with each element dropped with probability `rate` and the kept ones divided by 1 - rate; the identity when no tape
/// records, when the tape says so or when rate is 0. x: any shape, as (rows, dim(-1)).
/// The mask is counted: backward draws it again. Saves the row numbers. Element (row, column) depends on the seed, the step, the op's number under
/// its tape and the row's number in the global batch, which `layout` knows (without one, row i is i). Throws std::invalid_argument unless 0 <= rate
/// <= 1 and the layout covers the rows of x. Source: Srivastava et al. 2014; Salmon et al. 2011.
Tensor dropout(const Tensor& x, double rate, const SequenceLayout* layout = nullptr);

/// What fused ops draw from: inactive (rate 0) in inference. Taking one counts the op.
struct DropoutPlan {
  bool active = false;
  kernels::DropoutDraw draw;
  std::vector<std::uint32_t> global_rows;  ///< (rows)
};
DropoutPlan plan_dropout(double rate, std::int64_t rows, const SequenceLayout* layout);
/// x with the plan's mask, which must be active; a constant.
Tensor apply_dropout(const Tensor& x, const DropoutPlan& plan);

}  // namespace linnet::ops
