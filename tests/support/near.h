#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "framework/core/dtype.h"
#include "tests/support/golden.h"

namespace linnet::testing {

/// What rounding alone may cost a result whose longest sum has `terms` terms of size about 1: 16 units in the last place for
/// the elementwise functions and one for each term.
inline Tolerance rounding(DType dtype, std::int64_t terms) {
  const double epsilon = dtype == DType::float64 ? std::numeric_limits<double>::epsilon() : double{std::numeric_limits<float>::epsilon()};
  const double bound = epsilon * static_cast<double>(16 + terms);
  return {.absolute = bound, .relative = bound};
}

/// What rounding to a 16-bit float may cost results that float32 has as `expected`: one rounding of the result, and as much again of
/// each of the three tensors that an op's backward may pass through on its way, whose size is that of the largest element.
inline Tolerance half_rounding(DType dtype, const std::vector<std::vector<double>>& expected, double amplification) {
  const double unit = dtype == DType::bfloat16 ? 0x1p-8 : 0x1p-11;  // half of the last place of numbers from 1 to 2
  double largest = 0;
  for (const std::vector<double>& values : expected)
    for (const double value : values)
      if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  return {.absolute = 3 * unit * largest * amplification + 0x1p-25, .relative = unit * (1 + 0x1p-7)};
}

}  // namespace linnet::testing
