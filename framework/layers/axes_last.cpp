#include "framework/layers/axes_last.h"

#include <algorithm>

#include "framework/core/error.h"
#include "framework/ops/transpose.h"
#include "framework/ops/views.h"

namespace linnet {

AxesLast::AxesLast(std::string_view what, const Tensor& x, const std::vector<std::int64_t>& axes, const Shape& extents) : x_(x) {
  const auto rank = static_cast<std::int64_t>(x.shape().size());
  std::vector<int> last;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    check(axes[i] >= -rank && axes[i] < rank, what, ": axis must lie in [", -rank, ", ", rank, "), got ", axes[i], " (input ", x.shape(), ")");
    last.push_back(static_cast<int>(axes[i] < 0 ? axes[i] + rank : axes[i]));
    check(i == 0 || last[i - 1] < last[i], what, ": axis must ascend, got ", axes, " (input ", x.shape(), ")");
    check(x.dim(last[i]) == extents[i], what, ": input must have ", extents[i], " elements along axis ", axes[i], ", got ", x.dim(last[i]),
          " (input ", x.shape(), ")");
  }
  for (int axis = 0; axis < rank; ++axis)
    if (std::ranges::find(last, axis) == last.end()) order_.push_back(axis);
  const std::size_t kept = order_.size();
  order_.insert(order_.end(), last.begin(), last.end());
  inverse_.resize(order_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) {
    inverse_[static_cast<std::size_t>(order_[i])] = static_cast<int>(i);
    moved_.push_back(x.dim(order_[i]));
  }
  flat_.assign(moved_.begin(), moved_.begin() + static_cast<std::ptrdiff_t>(kept));
  flat_.push_back(element_count(extents));
}

Tensor AxesLast::rows() const { return ops::reshape(std::ranges::is_sorted(order_) ? x_ : ops::transpose(x_, order_), flat_); }

Tensor AxesLast::back(const Tensor& rows) const {
  const Tensor moved = ops::reshape(rows, moved_);
  return std::ranges::is_sorted(order_) ? moved : ops::transpose(moved, inverse_);
}

Shape normalized_shape(std::string_view what, std::int64_t dim, const std::vector<std::int64_t>& axis, const Shape& shape) {
  if (axis.empty()) {
    check(dim > 0, what, ": dim must be positive, got ", dim);
    check(shape.empty(), what, ": shape must go with axis, got ", shape, " without");
    return {dim};
  }
  check(dim == 0, what, ": dim must be 0 where axis is given, got ", dim, " (the extents are shape)");
  check(shape.size() == axis.size() && std::ranges::all_of(shape, [](std::int64_t extent) { return extent > 0; }), what,
        ": shape must have a positive extent for each axis ", axis, ", got ", shape);
  return shape;
}

}  // namespace linnet
