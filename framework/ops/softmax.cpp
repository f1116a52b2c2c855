#include "framework/ops/softmax.h"

#include <cmath>
#include <limits>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"

namespace linnet::ops {
namespace {

/// One row; mask may be null.
template <class T>
void softmax_row(const T* x, const std::int32_t* mask, std::int64_t columns, T* y) {
  T top = -std::numeric_limits<T>::infinity();
  for (std::int64_t c = 0; c < columns; ++c)
    if ((!mask || mask[c]) && x[c] > top) top = x[c];
  T total = 0;
  for (std::int64_t c = 0; c < columns; ++c) total += y[c] = !mask || mask[c] ? std::exp(x[c] - top) : T(0);
  for (std::int64_t c = 0; c < columns; ++c) y[c] = total == 0 ? T(0) : y[c] / total;
}

Tensor run(const Tensor& x, const Tensor& mask) {
  check(!x.shape().empty(), "softmax: input must have at least one axis, got a scalar");
  const std::int64_t columns = x.dim(-1);
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), "softmax", [&]<class T>() {
    const T* from = x.data<T>().data();
    const std::int32_t* keep = mask.defined() ? mask.data<std::int32_t>().data() : nullptr;
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.rows(), 8 * columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        softmax_row(from + row * columns, keep ? keep + row * columns : nullptr, columns, to + row * columns);
    });
  });
  return record("softmax", {x}, y, [=, p = y.detach()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::like(p);
    dispatch_real(p.dtype(), "softmax", [&]<class T>() {
      const T *prob = p.data<T>().data(), *gradient = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      for (std::int64_t at = 0; at < p.size(); at += columns) {
        T inner = 0;
        for (std::int64_t c = 0; c < columns; ++c) inner += prob[at + c] * gradient[at + c];
        for (std::int64_t c = 0; c < columns; ++c) to[at + c] = prob[at + c] * (gradient[at + c] - inner);
      }
    });
    return {dx};
  });
}

}  // namespace

Tensor softmax(const Tensor& x) { return run(x, {}); }

Tensor masked_softmax(const Tensor& x, const Tensor& mask) {
  check(mask.shape() == x.shape(), "masked_softmax: mask must have the input's shape ", x.shape(), ", got ", mask.shape());
  return run(x, mask);
}

}  // namespace linnet::ops
