#pragma once

#include "framework/ops/loss_reduction.h"
#include "tests/support/op_cases.h"

namespace linnet::testing {

/// What a loss makes of the losses of its rows, in plain loops. weight: null or the losses' shape; valid: empty, or 0 for rows
/// that are left out.
inline Array reduced_loss(Array losses, const Array* weight, const std::vector<int>& valid, ops::Reduction reduction) {
  double sum = 0, weights = 0, count = 0;
  for (std::size_t i = 0; i < losses.values.size(); ++i) {
    const double keep = valid.empty() ? 1 : valid[i], w = keep * (weight ? weight->values[i] : 1);
    losses.values[i] *= w;
    sum += losses.values[i];
    weights += w;
    count += keep;
  }
  if (reduction == ops::Reduction::none) return losses;
  Array result = Array::zeros({});
  const double divisor = reduction == ops::Reduction::sum ? 1 : reduction == ops::Reduction::sum_over_batch_size ? count : weights;
  result.values[0] = divisor == 0 ? 0 : sum / divisor;
  return result;
}

}  // namespace linnet::testing
