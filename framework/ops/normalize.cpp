#include "framework/ops/normalize.h"

#include <algorithm>
#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

/// y = factor x scale, by row; scale may be undefined.
Tensor scaled_rows(const Tensor& x, const Tensor& factors, const Tensor& scale) {
  Tensor y = Tensor::like(x);
  const std::int64_t columns = x.dim(-1);
  dispatch_real(x.dtype(), "rms_norm", [&]<class T>() {
    const T *from = x.data<T>().data(), *factor = factors.data<T>().data(), *weight = scale.defined() ? scale.data<T>().data() : nullptr;
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin * columns; at < end * columns; ++at)
        to[at] = from[at] * factor[at / columns] * (weight ? weight[at % columns] : T(1));
    });
  });
  return y;
}

/// f(sum of squares) of each row: (rows).
template <class F>
Tensor factors_of(const Tensor& x, F&& f) {
  Tensor factors = Tensor::empty({x.rows()}, accumulator_of(x.dtype()));
  const std::int64_t columns = x.dim(-1);
  dispatch_real(x.dtype(), "rms_norm", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = factors.mutable_data<T>().data();
    parallel_rows(x.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        T squares = 0;
        for (std::int64_t c = 0; c < columns; ++c) squares += from[r * columns + c] * from[r * columns + c];
        to[r] = f(squares);
      }
    });
  });
  return factors;
}

/// With y = x factor and g = dy scale: dx = factor (g - x sum(g x) factor² / divisor), but factor g where `flat` says so.
template <class F>
Tensor input_gradient(const Tensor& x, const Tensor& scale, const Tensor& factors, const Tensor& dy, double divisor, F&& flat) {
  Tensor dx = Tensor::like(x);
  const std::int64_t columns = x.dim(-1);
  dispatch_real(x.dtype(), "rms_norm", [&]<class T>() {
    const T *px = x.data<T>().data(), *factor = factors.data<T>().data(), *gradient = dy.data<T>().data();
    const T* weight = scale.defined() ? scale.data<T>().data() : nullptr;
    T* to = dx.mutable_data<T>().data();
    parallel_rows(x.rows(), 2 * columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const std::int64_t at = r * columns;
        T inner = 0;
        for (std::int64_t c = 0; c < columns; ++c) inner += gradient[at + c] * (weight ? weight[c] : T(1)) * px[at + c];
        const T share = flat(factor[r]) ? T(0) : inner * factor[r] * factor[r] / static_cast<T>(divisor);
        for (std::int64_t c = 0; c < columns; ++c) to[at + c] = factor[r] * (gradient[at + c] * (weight ? weight[c] : T(1)) - px[at + c] * share);
      }
    });
  });
  return dx;
}

/// Sum over rows of dy x factor: the gradient of scale.
Tensor scale_gradient(const Tensor& x, const Tensor& scale, const Tensor& factors, const Tensor& dy) {
  const std::int64_t columns = x.dim(-1);
  Tensor gradient = Tensor::zeros({columns}, scale.dtype());
  dispatch_real(x.dtype(), "rms_norm", [&]<class T>() {
    const T *px = x.data<T>().data(), *factor = factors.data<T>().data(), *pdy = dy.data<T>().data();
    T* to = gradient.mutable_data<T>().data();
    for (std::int64_t at = 0; at < x.size(); ++at) to[at % columns] += pdy[at] * px[at] * factor[at / columns];
  });
  return gradient;
}

constexpr double kLargestFactor = 1e7;  // of a row that is as good as zero

/// Forward squares, adds and scales each element, and scales by `scale`; backward needs a sum over the row and, for the scale, one
/// over the column as well.
OpCost norm_cost(const Tensor& x, const Tensor& scale) {
  const double elements = static_cast<double>(x.size()) * (scale.defined() ? 1.0 : 0.0), all = static_cast<double>(x.size());
  return {{3 * all + elements, 2 * bytes_of(x) + bytes_of(scale)}, {5 * all + 4 * elements, 3 * bytes_of(x) + 2 * bytes_of(scale)}};
}

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& scale, double epsilon) {
  check(!x.shape().empty(), "rms_norm: input must have at least one axis, got a scalar");
  const std::int64_t columns = x.dim(-1);
  if (scale.defined()) {
    check(scale.shape() == Shape{columns}, "rms_norm: scale must have shape ", Shape{columns}, ", got ", scale.shape());
    check(scale.dtype() == x.dtype() || scale.dtype() == accumulator_of(x.dtype()), "rms_norm: scale must have the input's dtype ", x.dtype(),
          is_half(x.dtype()) ? " or float32" : "", ", got ", scale.dtype());
  }
  const ProfileScope profiled("rms_norm", [&] { return norm_cost(x, scale); });
  const Tensor factors =
      factors_of(x, [=]<class T>(T squares) { return T(1) / std::sqrt(squares / static_cast<T>(columns) + static_cast<T>(epsilon)); });
  return record("rms_norm", {x, scale}, scaled_rows(x, factors, scale), [=](std::span<const Tensor> dy) -> Gradients {
    return {input_gradient(x, scale, factors, dy[0], static_cast<double>(columns), [](auto) { return false; }),
            scale.defined() ? scale_gradient(x, scale, factors, dy[0]) : Tensor()};
  });
}

Tensor l2_normalize(const Tensor& x) {
  check(!x.shape().empty(), "l2_normalize: input must have at least one axis, got a scalar");
  const ProfileScope profiled("l2_normalize", [&] { return norm_cost(x, {}); });
  const Tensor factors = factors_of(x, []<class T>(T squares) { return std::min(T(1) / std::sqrt(squares), T(kLargestFactor)); });
  return record("l2_normalize", {x}, scaled_rows(x, factors, {}), [=](std::span<const Tensor> dy) -> Gradients {
    return {input_gradient(x, {}, factors, dy[0], 1, []<class T>(T factor) { return factor == T(kLargestFactor); })};
  });
}

}  // namespace linnet::ops
