#include "framework/ops/views.h"

#include <algorithm>

#include "framework/autograd/tape.h"
#include "framework/ops/axes.h"
#include "framework/ops/cost.h"

namespace linnet::ops {

Tensor reshape(const Tensor& x, const Shape& shape) {
  Shape to = shape;
  if (const auto open = std::ranges::find(to, -1); open != to.end()) {
    *open = 1;
    const std::int64_t known = element_count(to);
    check(known > 0 && x.size() % known == 0, "reshape: the number of elements must stay ", x.size(), ", got ", shape, " for ", x.shape());
    *open = x.size() / known;
  }
  return record("reshape", {x}, x.reshape(to), [from = x.shape()](std::span<const Tensor> dy) -> Gradients { return {dy[0].reshape(from)}; });
}

Tensor expand_dims(const Tensor& x, int axis) {
  Shape shape = x.shape();
  shape.insert(shape.begin() + axis_of("expand_dims", x.shape(), axis, 1), 1);
  return reshape(x, shape);
}

Tensor squeeze(const Tensor& x, int axis) {
  Shape shape = x.shape();
  const auto place = shape.begin() + axis_of("squeeze", x.shape(), axis);
  check(*place == 1, "squeeze: the axis must have an extent of 1, got axis ", axis, " of ", x.shape());
  shape.erase(place);
  return reshape(x, shape);
}

Tensor slice_rows(const Tensor& x, std::int64_t begin, std::int64_t end) {
  // A view; backward writes zeros around the gradient.
  const ProfileScope profiled("slice_rows", [&] {
    return OpCost{{}, copy_cost(x, x.size() / std::max<std::int64_t>(x.dim(0), 1) * (end - begin)).backward};
  });
  return record("slice_rows", {x}, x.slice_rows(begin, end), [shape = x.shape(), begin, end](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros(shape, dy[0].dtype());
    dx.slice_rows(begin, end).assign(dy[0]);
    return {dx};
  });
}

}  // namespace linnet::ops
