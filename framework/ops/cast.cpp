#include "framework/ops/cast.h"

#include "framework/autograd/tape.h"
#include "framework/ops/cost.h"

namespace linnet::ops {

Tensor cast(const Tensor& x, DType dtype) {
  if (!x.defined() || x.dtype() == dtype) return x;
  const ProfileScope profiled("cast", [&] {
    const double bytes = static_cast<double>(x.size() * (size_of(x.dtype()) + size_of(dtype)));
    return OpCost{{0, bytes}, {0, bytes}};
  });
  return record("cast", {x}, x.cast(dtype), [from = x.dtype()](std::span<const Tensor> dy) -> Gradients { return {dy[0].cast(from)}; });
}

}  // namespace linnet::ops
