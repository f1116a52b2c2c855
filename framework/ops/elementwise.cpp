#include "framework/ops/elementwise.h"

#include <algorithm>
#include <xtensor/xnoalias.hpp>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/xtensor.h"

namespace linnet::ops {
namespace {

Shape broadcast_shape(std::string_view op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), op, ": dtypes must agree, got ", a.dtype(), " and ", b.dtype());
  Shape shape(std::max(a.shape().size(), b.shape().size()));
  for (std::size_t i = 1; i <= shape.size(); ++i) {
    const std::int64_t left = i <= a.shape().size() ? a.shape()[a.shape().size() - i] : 1;
    const std::int64_t right = i <= b.shape().size() ? b.shape()[b.shape().size() - i] : 1;
    check(left == right || left == 1 || right == 1, op, ": shapes must broadcast, got ", a.shape(), " and ", b.shape());
    shape[shape.size() - i] = left == 1 ? right : left;
  }
  return shape;
}

/// f(a, b) with broadcasting; f is applied to numbers or to xtensor expressions alike.
template <class F>
Tensor broadcast(const Tensor& a, const Tensor& b, const Shape& shape, F&& f) {
  Tensor result = Tensor::empty(shape, a.dtype());
  dispatch_real(a.dtype(), "elementwise", [&]<class T>() {
    if (a.shape() == b.shape()) {
      const T *pa = a.data<T>().data(), *pb = b.data<T>().data();
      T* out = result.mutable_data<T>().data();
      parallel_rows(result.size(), 2, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) out[i] = f(pa[i], pb[i]);
      });
    } else if (result.size() > 0) {
      auto out = as_mutable_xtensor<T>(result);
      xt::noalias(out) = f(as_xtensor<T>(a), as_xtensor<T>(b));
    }
  });
  return result;
}

/// The gradient of a tensor of `shape` that was stretched to gradient's shape: sums over the stretched axes.
Tensor sum_to(const Tensor& gradient, const Shape& shape) {
  if (gradient.shape() == shape) return gradient;
  Tensor result = Tensor::zeros(shape, gradient.dtype());
  const Shape& wide = gradient.shape();
  // Steps of the result along each axis of the gradient; 0 where it was stretched.
  std::vector<std::int64_t> steps(wide.size(), 0);
  std::int64_t step = 1;
  for (std::size_t i = 1; i <= shape.size(); ++i) {
    const std::int64_t extent = shape[shape.size() - i];
    if (extent != 1) steps[wide.size() - i] = step;
    step *= extent;
  }
  dispatch_real(gradient.dtype(), "elementwise", [&]<class T>() {
    const auto from = gradient.data<T>();
    const auto to = result.mutable_data<T>();
    std::vector<std::int64_t> index(wide.size(), 0);
    std::int64_t at = 0;
    for (const T value : from) {
      to[static_cast<std::size_t>(at)] += value;
      for (std::size_t axis = wide.size(); axis-- > 0;) {
        at += steps[axis];
        if (++index[axis] < wide[axis]) break;
        at -= steps[axis] * wide[axis];
        index[axis] = 0;
      }
    }
  });
  return result;
}

Tensor product(const Tensor& a, const Tensor& b) {
  return broadcast(a, b, broadcast_shape("multiply", a, b), [](const auto& x, const auto& y) { return x * y; });
}
Tensor quotient(const Tensor& a, const Tensor& b) {
  return broadcast(a, b, broadcast_shape("divide", a, b), [](const auto& x, const auto& y) { return x / y; });
}
Tensor scaled(const Tensor& x, double factor) {
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), "scale", [&]<class T>() {
    std::ranges::transform(x.data<T>(), y.mutable_data<T>().begin(), [f = static_cast<T>(factor)](T value) { return f * value; });
  });
  return y;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const Tensor y = broadcast(a, b, broadcast_shape("add", a, b), [](const auto& x, const auto& z) { return x + z; });
  return record("add", {a, b}, y, [left = a.shape(), right = b.shape()](std::span<const Tensor> dy) -> Gradients {
    return {sum_to(dy[0], left), sum_to(dy[0], right)};
  });
}

Tensor subtract(const Tensor& a, const Tensor& b) {
  const Tensor y = broadcast(a, b, broadcast_shape("subtract", a, b), [](const auto& x, const auto& z) { return x - z; });
  return record("subtract", {a, b}, y, [left = a.shape(), right = b.shape()](std::span<const Tensor> dy) -> Gradients {
    return {sum_to(dy[0], left), scaled(sum_to(dy[0], right), -1)};
  });
}

Tensor multiply(const Tensor& a, const Tensor& b) {
  return record("multiply", {a, b}, product(a, b), [=](std::span<const Tensor> dy) -> Gradients {
    return {sum_to(product(dy[0], b), a.shape()), sum_to(product(dy[0], a), b.shape())};
  });
}

Tensor divide(const Tensor& a, const Tensor& b) {
  return record("divide", {a, b}, quotient(a, b), [=](std::span<const Tensor> dy) -> Gradients {
    const Tensor da = quotient(dy[0], b);
    return {sum_to(da, a.shape()), scaled(sum_to(product(da, quotient(a, b)), b.shape()), -1)};
  });
}

Tensor scale(const Tensor& x, double factor) {
  return record("scale", {x}, scaled(x, factor), [=](std::span<const Tensor> dy) -> Gradients { return {scaled(dy[0], factor)}; });
}

Tensor sum(const Tensor& x) {
  double total = 0;
  dispatch_real(x.dtype(), "sum", [&]<class T>() {
    for (const T value : x.data<T>()) total += static_cast<double>(value);
  });
  return record("sum", {x}, Tensor::full({}, total, x.dtype()), [shape = x.shape(), dtype = x.dtype()](std::span<const Tensor> dy) -> Gradients {
    return {Tensor::full(shape, dy[0].item(), dtype)};
  });
}

Tensor mean(const Tensor& x) {
  check(x.size() > 0, "mean: the tensor must have elements, got shape ", x.shape());
  return scale(sum(x), 1 / static_cast<double>(x.size()));
}

}  // namespace linnet::ops
