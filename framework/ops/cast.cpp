#include "framework/ops/cast.h"

#include "framework/autograd/tape.h"

namespace linnet::ops {

Tensor cast(const Tensor& x, DType dtype) {
  if (!x.defined() || x.dtype() == dtype) return x;
  return record("cast", {x}, x.cast(dtype), [from = x.dtype()](std::span<const Tensor> dy) -> Gradients { return {dy[0].cast(from)}; });
}

}  // namespace linnet::ops
