#include "framework/layers/global_average_pooling1d.h"

#include "framework/layers/registry.h"
#include "framework/ops/pooling.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {

const bool registered = register_layer<GlobalAveragePooling1D>("GlobalAveragePooling1D");

void check_rank(const Tensor& x) {
  check(x.shape().size() == 3, "GlobalAveragePooling1D: input must have shape (batch, length, columns), got ", x.shape());
}

}  // namespace

Tensor GlobalAveragePooling1D::forward(const Tensor& x) const {
  check_rank(x);
  return forward(x, Tensor::from(std::vector<std::int32_t>(static_cast<std::size_t>(x.dim(0) * x.dim(1)), 1), {x.dim(0), x.dim(1)}));
}

Tensor GlobalAveragePooling1D::forward(const Tensor& x, const Tensor& mask) const {
  check_rank(x);
  check(mask.shape() == Shape({x.dim(0), x.dim(1)}), "GlobalAveragePooling1D: mask must have shape ", Shape{x.dim(0), x.dim(1)}, ", got ",
        mask.shape());
  return forward(ops::reshape(x, {x.dim(0) * x.dim(1), x.dim(2)}), SequenceLayout::padded(x.dim(0), x.dim(1), mask));
}

Tensor GlobalAveragePooling1D::forward(const Tensor& x, const SequenceLayout& layout) const {
  const Tensor y = ops::mean_pool(x, layout);
  return config_.keepdims ? ops::reshape(y, {y.dim(0), 1, y.dim(1)}) : y;
}

}  // namespace linnet
