#include "framework/ops/unary.h"

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

using kernels::Unary;
constexpr std::int64_t kCost = 8;  // of an element, for parallel_rows: more than reading and writing it

Tensor unary(Unary function, std::string_view op, const Tensor& x) {
  const ProfileScope profiled(op, [&] { return map_cost({x}, x.size()); });
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), op, [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.size(), kCost,
                  [&](std::int64_t begin, std::int64_t end) { kernels::table<T>().unary.forward(function, from + begin, end - begin, to + begin); });
  });
  return record(op, {x}, y, [=](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::like(x);
    dispatch_real(x.dtype(), op, [&]<class T>() {
      const T *from = x.data<T>().data(), *gradient = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      parallel_rows(x.size(), kCost, [&](std::int64_t begin, std::int64_t end) {
        kernels::table<T>().unary.backward(function, from + begin, gradient + begin, end - begin, to + begin);
      });
    });
    return {dx};
  });
}

}  // namespace

Tensor abs(const Tensor& x) { return unary(Unary::abs, "abs", x); }
Tensor ceil(const Tensor& x) { return unary(Unary::ceil, "ceil", x); }
Tensor cos(const Tensor& x) { return unary(Unary::cos, "cos", x); }
Tensor erf(const Tensor& x) { return unary(Unary::erf, "erf", x); }
Tensor exp(const Tensor& x) { return unary(Unary::exp, "exp", x); }
Tensor expm1(const Tensor& x) { return unary(Unary::expm1, "expm1", x); }
Tensor floor(const Tensor& x) { return unary(Unary::floor, "floor", x); }
Tensor log(const Tensor& x) { return unary(Unary::log, "log", x); }
Tensor log1p(const Tensor& x) { return unary(Unary::log1p, "log1p", x); }
Tensor reciprocal(const Tensor& x) { return unary(Unary::reciprocal, "reciprocal", x); }
Tensor round(const Tensor& x) { return unary(Unary::round, "round", x); }
Tensor rsqrt(const Tensor& x) { return unary(Unary::rsqrt, "rsqrt", x); }
Tensor sign(const Tensor& x) { return unary(Unary::sign, "sign", x); }
Tensor sin(const Tensor& x) { return unary(Unary::sin, "sin", x); }
Tensor sqrt(const Tensor& x) { return unary(Unary::sqrt, "sqrt", x); }
Tensor square(const Tensor& x) { return unary(Unary::square, "square", x); }

Tensor clip(const Tensor& x, double lowest, double highest) {
  check(lowest <= highest, "clip: lowest must not be above highest, got ", lowest, " and ", highest);
  const ProfileScope profiled("clip", [&] { return map_cost({x}, x.size()); });
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), "clip", [&]<class T>() {
    const T *from = x.data<T>().data(), low = static_cast<T>(lowest), high = static_cast<T>(highest);
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.size(), 2, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) {
        const T raised = from[i] < low ? low : from[i];
        to[i] = raised > high ? high : raised;
      }
    });
  });
  return record("clip", {x}, y, [=](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::like(x);
    dispatch_real(x.dtype(), "clip", [&]<class T>() {
      const T *from = x.data<T>().data(), *gradient = dy[0].data<T>().data();
      const T low = static_cast<T>(lowest), high = static_cast<T>(highest);
      T* to = dx.mutable_data<T>().data();
      parallel_rows(x.size(), 3, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) {
          const T value = from[i], g = gradient[i];  // read in any case: a choice that is no branch
          const T above = value < low ? T(0) : g;
          to[i] = value > high ? T(0) : above;
        }
      });
    });
    return {dx};
  });
}

}  // namespace linnet::ops
