#include "framework/ops/elementwise.h"

#include <cmath>
#include <functional>

#include "framework/autograd/tape.h"
#include "framework/ops/broadcast.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

void check_dtypes(std::string_view op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), op, ": dtypes must agree, got ", a.dtype(), " and ", b.dtype());
}

/// Each function with its partial derivatives; da and db return them times the gradient g of the result.
struct Add {
  template <class T>
  static T value(T a, T b) {
    return a + b;
  }
};
struct Subtract {
  template <class T>
  static T value(T a, T b) {
    return a - b;
  }
};
struct Multiply {
  template <class T>
  static T value(T a, T b) {
    return a * b;
  }
  template <class T>
  static T da(T, T b, T g) {
    return g * b;
  }
  template <class T>
  static T db(T a, T, T g) {
    return g * a;
  }
};
struct Divide {
  template <class T>
  static T value(T a, T b) {
    return a / b;
  }
  template <class T>
  static T da(T, T b, T g) {
    return g / b;
  }
  template <class T>
  static T db(T a, T b, T g) {
    return -g * (a / b) / b;
  }
};
struct Power {
  template <class T>
  static T value(T a, T b) {
    return std::pow(a, b);
  }
  template <class T>
  static T da(T a, T b, T g) {
    return b == T(0) ? T(0) : g * b * std::pow(a, b - T(1));
  }
  template <class T>
  static T db(T a, T b, T g) {
    return a == T(0) ? T(0) : g * std::pow(a, b) * std::log(a);
  }
};
/// The one of the two that `Better` picks.
template <class Better>
struct Pick {
  template <class T>
  static T value(T a, T b) {
    return Better()(a, b) || a != a ? a : b;  // NaN wins
  }
  template <class T>
  static T da(T a, T b, T g) {
    return a == b ? g / T(2) : Better()(a, b) ? g : T(0);
  }
  template <class T>
  static T db(T a, T b, T g) {
    return da(b, a, g);
  }
};

/// f(element of a, element of b, position) of broadcast tensors of T.
template <class T, class F>
Tensor mapped(const Broadcast& plan, const Tensor& a, const Tensor& b, const F& f) {
  Tensor result = Tensor::empty(plan.shape(), a.dtype());
  plan.map(a.data<T>().data(), b.data<T>().data(), result.mutable_data<T>().data(), f);
  return result;
}

template <class Op>
Tensor value_of(std::string_view op, const Tensor& a, const Tensor& b) {
  check_dtypes(op, a, b);
  const Broadcast plan(op, a.shape(), b.shape());
  return dispatch_real(a.dtype(), op, [&]<class T>() { return mapped<T>(plan, a, b, [](T x, T y, std::int64_t) { return Op::value(x, y); }); });
}

/// Of a function of two broadcast tensors. Where only shapes are asked for, the op itself checks them.
OpCost binary_cost(std::string_view op, const Tensor& a, const Tensor& b) {
  return map_cost({a, b}, element_count(Broadcast(op, a.shape(), b.shape()).shape()));
}

/// As above where the gradient of an operand is the result's, summed over what was broadcast.
OpCost sum_cost(std::string_view op, const Tensor& a, const Tensor& b) {
  OpCost cost = binary_cost(op, a, b);
  const double results = cost.forward.flops, bytes = cost.forward.bytes - bytes_of(a, b);
  cost.backward = {};
  for (const Tensor& operand : {a, b})
    if (static_cast<double>(operand.size()) != results) {
      cost.backward.flops += results;
      cost.backward.bytes += bytes + bytes_of(operand);
    }
  return cost;
}

/// An op whose gradients depend on both inputs.
template <class Op>
Tensor binary(std::string_view op, const Tensor& a, const Tensor& b) {
  const ProfileScope profiled(op, [&] { return binary_cost(op, a, b); });
  return record(op, {a, b}, value_of<Op>(op, a, b), [=](std::span<const Tensor> dy) -> Gradients {
    const Broadcast plan(op, a.shape(), b.shape());
    Gradients gradients(2);
    dispatch_real(a.dtype(), op, [&]<class T>() {
      const T* g = dy[0].data<T>().data();
      if (a.requires_grad()) gradients[0] = mapped<T>(plan, a, b, [g](T x, T y, std::int64_t i) { return Op::da(x, y, g[i]); });
      if (b.requires_grad()) gradients[1] = mapped<T>(plan, a, b, [g](T x, T y, std::int64_t i) { return Op::db(x, y, g[i]); });
    });
    if (gradients[0].defined()) gradients[0] = Broadcast::sum_to(gradients[0], a.shape());
    if (gradients[1].defined()) gradients[1] = Broadcast::sum_to(gradients[1], b.shape());
    return gradients;
  });
}

template <class Op>
Tensor comparison(std::string_view op, const Tensor& a, const Tensor& b) {
  check_dtypes(op, a, b);
  const Broadcast plan(op, a.shape(), b.shape());
  const ProfileScope profiled(op, [&] { return binary_cost(op, a, b); });
  Tensor result = Tensor::empty(plan.shape(), DType::int32);
  const auto run = [&]<class T>() {
    plan.map(a.data<T>().data(), b.data<T>().data(), result.mutable_data<std::int32_t>().data(),
             [](T x, T y, std::int64_t) { return static_cast<std::int32_t>(Op()(x, y)); });
  };
  if (a.dtype() == DType::int32) run.template operator()<std::int32_t>();
  else dispatch_real(a.dtype(), op, run);
  return result;
}

/// x stretched to `shape`.
template <class T>
Tensor expanded(std::string_view op, const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x.detach();
  Tensor result = Tensor::empty(shape, x.dtype());
  T* out = result.mutable_data<T>().data();
  Broadcast(op, x.shape(), shape).map(x.data<T>().data(), out, out, [](T value, T, std::int64_t) { return value; });
  return result;
}

/// The gradient where `keep` is 1 or, for wanted == 0, where it is 0; else zeros. All of one shape.
Tensor masked(const Tensor& gradient, const Tensor& keep, std::int32_t wanted) {
  return dispatch_real(gradient.dtype(), "where", [&]<class T>() {
    const std::int32_t* k = keep.data<std::int32_t>().data();
    return mapped<T>(Broadcast("where", keep.shape(), keep.shape()), gradient, gradient,
                     [=](T g, T, std::int64_t i) { return (k[i] != 0) == (wanted != 0) ? g : T(0); });
  });
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const ProfileScope profiled("add", [&] { return sum_cost("add", a, b); });
  return record("add", {a, b}, value_of<Add>("add", a, b), [left = a.shape(), right = b.shape()](std::span<const Tensor> dy) -> Gradients {
    return {Broadcast::sum_to(dy[0], left), Broadcast::sum_to(dy[0], right)};
  });
}

Tensor subtract(const Tensor& a, const Tensor& b) {
  const ProfileScope profiled("subtract", [&] { return sum_cost("subtract", a, b); });
  return record("subtract", {a, b}, value_of<Subtract>("subtract", a, b),
                [left = a.shape(), right = b.shape()](std::span<const Tensor> dy) -> Gradients {
                  return {Broadcast::sum_to(dy[0], left), scale(Broadcast::sum_to(dy[0], right), -1)};
                });
}

Tensor multiply(const Tensor& a, const Tensor& b) { return binary<Multiply>("multiply", a, b); }
Tensor divide(const Tensor& a, const Tensor& b) { return binary<Divide>("divide", a, b); }
Tensor power(const Tensor& a, const Tensor& b) { return binary<Power>("power", a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return binary<Pick<std::less<>>>("minimum", a, b); }
Tensor maximum(const Tensor& a, const Tensor& b) { return binary<Pick<std::greater<>>>("maximum", a, b); }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  check(condition.dtype() == DType::int32, "where: condition must be int32, got ", condition.dtype());
  check_dtypes("where", a, b);
  const Shape shape = Broadcast("where", Broadcast("where", a.shape(), b.shape()).shape(), condition.shape()).shape();
  const ProfileScope profiled("where", [&] { return map_cost({a, b}, element_count(shape)); });
  const Tensor keep = expanded<std::int32_t>("where", condition, shape);
  const Tensor y = dispatch_real(a.dtype(), "where", [&]<class T>() {
    Tensor result = Tensor::empty(shape, a.dtype());
    const std::int32_t* k = keep.data<std::int32_t>().data();
    T* out = result.mutable_data<T>().data();
    Broadcast("where", a.shape(), shape).map(a.data<T>().data(), k, out, [](T value, std::int32_t, std::int64_t) { return value; });
    Broadcast("where", b.shape(), shape).map(b.data<T>().data(), k, out, [out](T value, std::int32_t chosen, std::int64_t i) {
      const T of_a = out[i];  // read in any case: a choice that is no branch
      return chosen != 0 ? of_a : value;
    });
    return result;
  });
  return record("where", {a, b, keep}, y, [keep, left = a.shape(), right = b.shape()](std::span<const Tensor> dy) -> Gradients {
    return {Broadcast::sum_to(masked(dy[0], keep, 1), left), Broadcast::sum_to(masked(dy[0], keep, 0), right), {}};
  });
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  check(Broadcast("broadcast_to", x.shape(), shape).shape() == shape, "broadcast_to: shape must be one that ", x.shape(), " stretches to, got ",
        shape);
  const ProfileScope profiled("broadcast_to", [&] { return copy_cost(x, element_count(shape)); });
  const Tensor y = dispatch_real(x.dtype(), "broadcast_to", [&]<class T>() { return expanded<T>("broadcast_to", x, shape); });
  return record("broadcast_to", {x}, y, [from = x.shape()](std::span<const Tensor> dy) -> Gradients { return {Broadcast::sum_to(dy[0], from)}; });
}

Tensor scale(const Tensor& x, double factor) {
  const ProfileScope profiled("scale", [&] { return OpCost{map_cost({x}, x.size()).forward, map_cost({x}, x.size()).forward}; });
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), "scale", [&]<class T>() {
    const T *from = x.data<T>().data(), f = static_cast<T>(factor);
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.size(), 2, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) to[i] = f * from[i];
    });
  });
  return record("scale", {x}, y, [=](std::span<const Tensor> dy) -> Gradients { return {scale(dy[0], factor)}; });
}

Tensor equal(const Tensor& a, const Tensor& b) { return comparison<std::equal_to<>>("equal", a, b); }
Tensor not_equal(const Tensor& a, const Tensor& b) { return comparison<std::not_equal_to<>>("not_equal", a, b); }
Tensor less(const Tensor& a, const Tensor& b) { return comparison<std::less<>>("less", a, b); }
Tensor less_equal(const Tensor& a, const Tensor& b) { return comparison<std::less_equal<>>("less_equal", a, b); }
Tensor greater(const Tensor& a, const Tensor& b) { return comparison<std::greater<>>("greater", a, b); }
Tensor greater_equal(const Tensor& a, const Tensor& b) { return comparison<std::greater_equal<>>("greater_equal", a, b); }

}  // namespace linnet::ops
