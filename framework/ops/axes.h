#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "framework/core/shape.h"

namespace linnet::ops {

/// `axis` counted from 0. Throws std::invalid_argument in the name of `op` unless a tensor of `shape` has it; `extra` is 1 where
/// a place between axes is meant (stack).
int axis_of(std::string_view op, const Shape& shape, int axis, int extra = 0);

/// A tensor as (outer, count, inner): what lies before, in and behind one axis or some neighbouring axes.
struct AxisBlocks {
  std::int64_t outer = 1, count = 1, inner = 1;

  AxisBlocks() = default;
  /// Axes [first, last) of `shape` are the count.
  AxisBlocks(const Shape& shape, int first, int last);
  AxisBlocks(const Shape& shape, int axis) : AxisBlocks(shape, axis, axis + 1) {}
  /// Runs body(outer index, begin, end) over parts of the inner range, in parallel: for work in which columns do not touch each other.
  void for_each_column_range(const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& body) const;
  static constexpr std::int64_t kLongestRange = 512;
};

}  // namespace linnet::ops
