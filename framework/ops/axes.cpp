#include "framework/ops/axes.h"

#include <algorithm>

#include "framework/core/error.h"
#include "framework/core/parallel.h"

namespace linnet::ops {

int axis_of(std::string_view op, const Shape& shape, int axis, int extra) {
  const int rank = static_cast<int>(shape.size()) + extra;
  check(axis >= -rank && axis < rank, op, ": the axis must lie in [", -rank, ", ", rank, "), got ", axis, " (input ", shape, ")");
  return axis < 0 ? axis + rank : axis;
}

AxisBlocks::AxisBlocks(const Shape& shape, int first, int last) {
  for (int i = 0; i < static_cast<int>(shape.size()); ++i) (i < first ? outer : i < last ? count : inner) *= shape[static_cast<std::size_t>(i)];
}

void AxisBlocks::for_each_column_range(const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& body) const {
  const std::int64_t ranges = (inner + kLongestRange - 1) / kLongestRange;
  parallel_rows(outer * ranges, count * std::min(inner, kLongestRange), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % ranges * kLongestRange;
      body(i / ranges, first, std::min(inner, first + kLongestRange));
    }
  });
}

}  // namespace linnet::ops
