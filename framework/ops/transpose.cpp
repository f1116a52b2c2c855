#include "framework/ops/transpose.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

/// Steps in x, in elements, along each axis of the result.
std::vector<std::int64_t> steps_of(const Shape& shape, std::span<const int> permutation) {
  std::vector<std::int64_t> own(shape.size(), 1), result;
  for (std::size_t axis = shape.size(); axis-- > 1;) own[axis - 1] = own[axis] * shape[axis];
  for (const int axis : permutation) result.push_back(own[static_cast<std::size_t>(axis)]);
  return result;
}

/// Copies a row of `count` elements of kBytes that lie `step` elements apart.
template <std::size_t kBytes>
void gather(const std::byte* from, std::int64_t step, std::int64_t count, std::byte* to) {
  for (std::int64_t i = 0; i < count; ++i, from += step * static_cast<std::int64_t>(kBytes), to += kBytes) std::memcpy(to, from, kBytes);
}

Tensor permuted(const Tensor& x, std::span<const int> permutation) {
  const std::vector<std::int64_t> steps = steps_of(x.shape(), permutation);
  Shape shape;
  for (const int axis : permutation) shape.push_back(x.shape()[static_cast<std::size_t>(axis)]);
  Tensor y = Tensor::empty(shape, x.dtype());
  if (y.size() == 0) return y;
  if (shape.empty()) {
    y.assign(x);
    return y;
  }
  const std::int64_t columns = shape.back(), bytes = size_of(x.dtype());
  const auto* from = static_cast<const std::byte*>(x.raw());
  auto* to = static_cast<std::byte*>(y.mutable_raw());
  parallel_rows(y.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t at = 0, left = row;
      for (std::size_t axis = shape.size() - 1; axis-- > 0; left /= shape[axis]) at += left % shape[axis] * steps[axis];
      const std::byte* start = from + at * bytes;
      std::byte* out = to + row * columns * bytes;
      if (steps.back() == 1) std::memcpy(out, start, static_cast<std::size_t>(columns * bytes));
      else if (bytes == 8) gather<8>(start, steps.back(), columns, out);
      else if (bytes == 4) gather<4>(start, steps.back(), columns, out);
      else if (bytes == 2) gather<2>(start, steps.back(), columns, out);
      else gather<1>(start, steps.back(), columns, out);
    }
  });
  return y;
}

}  // namespace

Tensor transpose(const Tensor& x, std::span<const int> permutation) {
  const std::vector<int> order(permutation.begin(), permutation.end());
  std::vector<int> sorted = order, axes(x.shape().size());
  std::ranges::sort(sorted);
  std::iota(axes.begin(), axes.end(), 0);
  check(sorted == axes, "transpose: permutation must name each axis of ", x.shape(), " once, got ", Shape(order.begin(), order.end()));
  const ProfileScope profiled("transpose", [&] { return copy_cost(x, x.size()); });
  return record("transpose", {x}, permuted(x, order), [order](std::span<const Tensor> dy) -> Gradients {
    std::vector<int> inverse(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) inverse[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    return {permuted(dy[0], inverse)};
  });
}

Tensor swap_axes(const Tensor& x, int a, int b) {
  const int rank = static_cast<int>(x.shape().size());
  std::vector<int> order(x.shape().size());
  std::iota(order.begin(), order.end(), 0);
  for (int* axis : {&a, &b}) {
    check(*axis >= -rank && *axis < rank, "swap_axes: the axis must lie in [", -rank, ", ", rank, "), got ", *axis, " (input ", x.shape(), ")");
    if (*axis < 0) *axis += rank;
  }
  std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  return transpose(x, order);
}

}  // namespace linnet::ops
