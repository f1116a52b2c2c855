#pragma once

#include <cstdint>
#include <limits>

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

}  // namespace linnet::testing
