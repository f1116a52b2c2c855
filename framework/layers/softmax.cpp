#include "framework/layers/softmax.h"

#include "framework/layers/registry.h"
#include "framework/ops/softmax.h"
#include "framework/ops/transpose.h"

namespace linnet {
namespace {

const bool registered = register_layer<Softmax>("Softmax");

/// The axis of x that `axis` means. Throws unless there is one.
int resolved(std::int64_t axis, const Tensor& x) {
  const auto rank = static_cast<std::int64_t>(x.shape().size());
  check(axis >= -rank && axis < rank, "Softmax: axis must lie in [", -rank, ", ", rank, "), got ", axis, " (input ", x.shape(), ")");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace

Tensor Softmax::forward(const Tensor& x) const {
  const int axis = resolved(config_.axis, x), last = static_cast<int>(x.shape().size()) - 1;
  if (axis == last) return ops::softmax(x);
  return ops::swap_axes(ops::softmax(ops::swap_axes(x, axis, last)), axis, last);
}

Tensor Softmax::forward(const Tensor& x, const Tensor& mask) const {
  const int axis = resolved(config_.axis, x), last = static_cast<int>(x.shape().size()) - 1;
  check(mask.shape() == x.shape(), "Softmax: mask must have the input's shape ", x.shape(), ", got ", mask.shape());
  if (axis == last) return ops::masked_softmax(x, mask);
  return ops::swap_axes(ops::masked_softmax(ops::swap_axes(x, axis, last), ops::swap_axes(mask, axis, last)), axis, last);
}

}  // namespace linnet
