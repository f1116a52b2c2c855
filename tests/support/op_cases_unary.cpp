#include <algorithm>
#include <cmath>

#include "framework/ops/elementwise.h"
#include "framework/ops/unary.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using Function = double (*)(double);

OpCase each(const std::string& name, const Shape& shape, const std::function<Tensor(const Tensor&)>& op, const std::function<double(double)>& f,
            double shift) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape, shift == 0 ? 1 : 0.3, shift)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0])}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = x[0];
    for (double& value : y.values) value = f(value);
    return {y};
  };
  result.amplification = 4;
  return result;
}

/// `shift`: about where the numbers lie; 0: both signs.
OpFamily unary_family(const std::string& name, Tensor (*op)(const Tensor&), Function f, double shift = 0) {
  return {.op = name,
          .cases = {each("a matrix", {3, 4}, op, f, shift), each("a scalar", {}, op, f, shift), each("no elements", {2, 0}, op, f, shift),
                    each("one number", {1, 1}, op, f, shift), each("large", {90, 70}, op, f, shift)},
          .bad_calls = {{[=] { op(Tensor::zeros({2}, DType::int32)); }, name + ": dtype must be float32, float64, bfloat16 or float16, got int32"}}};
}

}  // namespace

std::vector<OpFamily> unary_families() {
  // The same op on the shapes of every other.
  const auto on_all_shapes = [](const std::function<Tensor(const Tensor&)>& op, const std::function<double(double)>& f) -> std::vector<OpCase> {
    return {each("a matrix", {3, 7}, op, f, 0), each("a scalar", {}, op, f, 0), each("no elements", {0}, op, f, 0),
            each("one number", {1, 1}, op, f, 0), each("large", {90, 70}, op, f, 0)};
  };
  const auto limited = [](double x) { return std::clamp(x, -0.5, 1.0); };
  return {unary_family("abs", ops::abs, [](double x) { return std::abs(x); }),
          unary_family("ceil", ops::ceil, [](double x) { return std::ceil(x); }),
          unary_family("cos", ops::cos, [](double x) { return std::cos(x); }),
          unary_family("erf", ops::erf, [](double x) { return std::erf(x); }),
          unary_family("exp", ops::exp, [](double x) { return std::exp(x); }),
          unary_family("expm1", ops::expm1, [](double x) { return std::expm1(x); }),
          unary_family("floor", ops::floor, [](double x) { return std::floor(x); }),
          unary_family(
              "log", ops::log, [](double x) { return std::log(x); }, 2),
          unary_family(
              "log1p", ops::log1p, [](double x) { return std::log1p(x); }, 2),
          unary_family(
              "reciprocal", ops::reciprocal, [](double x) { return 1 / x; }, 2),
          unary_family("round", ops::round, [](double x) { return std::nearbyint(x); }),
          unary_family(
              "rsqrt", ops::rsqrt, [](double x) { return 1 / std::sqrt(x); }, 2),
          unary_family("sign", ops::sign, [](double x) { return x < 0   ? -1.0
                                                                : x > 0 ? 1.0
                                                                        : 0.0; }),
          unary_family("sin", ops::sin, [](double x) { return std::sin(x); }),
          unary_family(
              "sqrt", ops::sqrt, [](double x) { return std::sqrt(x); }, 2),
          unary_family("square", ops::square, [](double x) { return x * x; }),
          {.op = "clip",
           .cases = on_all_shapes([](const Tensor& x) { return ops::clip(x, -0.5, 1); }, limited),
           .bad_calls = {{[] { ops::clip(Tensor::zeros({2}), 1, 0); }, "clip: lowest must not be above highest, got 1 and 0"},
                         {[] { ops::clip(Tensor::zeros({2}, DType::int32), 0, 1); },
                          "clip: dtype must be float32, float64, bfloat16 or float16, got int32"}}},
          {.op = "scale",
           .cases = on_all_shapes([](const Tensor& x) { return ops::scale(x, -1.5); }, [](double x) { return -1.5 * x; }),
           .bad_calls = {
               {[] { ops::scale(Tensor::zeros({2}, DType::int32), 2); }, "scale: dtype must be float32, float64, bfloat16 or float16, got int32"}}}};
}

}  // namespace linnet::testing
