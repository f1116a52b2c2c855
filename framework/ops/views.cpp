#include "framework/ops/views.h"

#include "framework/autograd/tape.h"

namespace linnet::ops {

Tensor reshape(const Tensor& x, const Shape& shape) {
  return record("reshape", {x}, x.reshape(shape), [from = x.shape()](std::span<const Tensor> dy) -> Gradients { return {dy[0].reshape(from)}; });
}

Tensor slice_rows(const Tensor& x, std::int64_t begin, std::int64_t end) {
  return record("slice_rows", {x}, x.slice_rows(begin, end), [shape = x.shape(), begin, end](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros(shape, dy[0].dtype());
    dx.slice_rows(begin, end).assign(dy[0]);
    return {dx};
  });
}

}  // namespace linnet::ops
