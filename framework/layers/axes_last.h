#pragma once

#include <string_view>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// A tensor with some of its axes behind the others and joined to one, and the way back: what normalisation over any axes
/// needs from an op over the last one.
class AxesLast {
 public:
  /// Axes ascend once resolved; negative ones count from the end. Throws std::invalid_argument, beginning with `what`, unless
  /// x has the axes with these extents.
  AxesLast(std::string_view what, const Tensor& x, const std::vector<std::int64_t>& axes, const Shape& extents);
  /// (the other axes, product of the extents).
  Tensor rows() const;
  /// A tensor of rows()' shape with the axes of x again.
  Tensor back(const Tensor& rows) const;

 private:
  Tensor x_;
  std::vector<int> order_, inverse_;
  Shape moved_, flat_;  // x's extents in `order_`, and with those at the end joined
};

/// The shape of the weights of a layer that normalises over the last axis, of extent `dim`, or over `axis`, of extents `shape`.
/// Throws std::invalid_argument, beginning with `what`, unless the extents are positive and one of the two is given.
Shape normalized_shape(std::string_view what, std::int64_t dim, const std::vector<std::int64_t>& axis, const Shape& shape);

}  // namespace linnet
