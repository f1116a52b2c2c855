#include "framework/ops/broadcast.h"

#include <numeric>

#include "framework/ops/reductions.h"

namespace linnet::ops {

Broadcast::Broadcast(std::string_view op, const Shape& a, const Shape& b) : shape_(std::max(a.size(), b.size())) {
  std::int64_t step_a = 1, step_b = 1;
  for (std::size_t i = 1; i <= shape_.size(); ++i) {
    const std::int64_t left = i <= a.size() ? a[a.size() - i] : 1, right = i <= b.size() ? b[b.size() - i] : 1;
    check(left == right || left == 1 || right == 1, op, ": shapes must broadcast, got ", a, " and ", b);
    const std::int64_t extent = left == 1 ? right : left;
    shape_[shape_.size() - i] = extent;
    if (extent == 1) continue;
    const Axis axis{extent, left == 1 ? 0 : step_a, right == 1 ? 0 : step_b};
    step_a *= left;
    step_b *= right;
    // Innermost first here. This axis goes on where the one inside of it ends: both are one loop.
    Axis* inner = axes_.empty() ? nullptr : &axes_.back();
    if (inner && (axis.step_a == 0) == (inner->step_a == 0) && (axis.step_b == 0) == (inner->step_b == 0)) inner->extent *= extent;
    else axes_.push_back(axis);
  }
  if (axes_.empty()) axes_.push_back({1, 0, 0});
  std::ranges::reverse(axes_);
  size_ = element_count(shape_);
}

std::vector<std::int64_t> Broadcast::places(const Shape& operand) const {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(element_count(operand))), result(static_cast<std::size_t>(size_));
  std::iota(numbers.begin(), numbers.end(), 0);
  Broadcast("broadcast", operand, shape_).map(numbers.data(), result.data(), result.data(), [](std::int64_t number, std::int64_t, std::int64_t) {
    return number;
  });
  return result;
}

Tensor Broadcast::sum_to(const Tensor& gradient, const Shape& shape) {
  const Shape& wide = gradient.shape();
  if (wide == shape) return gradient;
  const std::size_t added = wide.size() - shape.size();
  ReduceOptions stretched;
  for (std::size_t i = 0; i < wide.size(); ++i)
    if (i < added || (shape[i - added] == 1 && wide[i] != 1)) stretched.axes.push_back(static_cast<int>(i));
  if (stretched.axes.empty()) return gradient.reshape(shape);
  return sum(gradient, stretched).reshape(shape);
}

}  // namespace linnet::ops
