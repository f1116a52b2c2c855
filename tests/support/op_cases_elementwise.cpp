#include <cmath>

#include "framework/ops/elementwise.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using Number = std::function<double(double, double)>;

/// f(a, b) with NumPy's broadcasting, by index arithmetic.
Array plain_broadcast(const Array& a, const Array& b, const Number& f) {
  Shape shape(std::max(a.shape.size(), b.shape.size()));
  const auto extent = [&](const Array& x, std::size_t axis) {
    return axis + x.shape.size() < shape.size() ? 1 : x.shape[axis + x.shape.size() - shape.size()];
  };
  for (std::size_t axis = 0; axis < shape.size(); ++axis) shape[axis] = extent(a, axis) == 1 ? extent(b, axis) : extent(a, axis);
  Array y = Array::zeros(shape);
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    std::size_t rest = i, at[2] = {0, 0}, step[2] = {1, 1};
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      const std::size_t index = rest % static_cast<std::size_t>(shape[axis]);
      rest /= static_cast<std::size_t>(shape[axis]);
      for (const int k : {0, 1}) {
        const auto own = static_cast<std::size_t>(extent(k == 0 ? a : b, axis));
        at[k] += own == 1 ? 0 : index * step[k];
        step[k] *= own;
      }
    }
    y.values[i] = f(a.values[at[0]], b.values[at[1]]);
  }
  return y;
}

OpCase binary(const std::string& name, Binary op, const Number& f, const Shape& a, const Shape& b, double shift = 0) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(a), normal(b, shift == 0 ? 1 : 0.2, shift)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0], x[1])}; };
  result.reference = [=](const Arrays& x) -> Arrays { return {plain_broadcast(x[0], x[1], f)}; };
  result.terms = std::max(element_count(a), element_count(b));
  result.amplification = 4;
  return result;
}

OpFamily binary_family(const std::string& name, Binary op, const Number& f, double shift = 0) {
  return {
      .op = name,
      .cases = {binary("one shape", op, f, {3, 4}, {3, 4}, shift), binary("a row", op, f, {3, 4}, {4}, shift),
                binary("a column", op, f, {3, 4}, {3, 1}, shift), binary("both stretch", op, f, {2, 1, 3}, {4, 1}, shift),
                binary("a scalar", op, f, {}, {2, 3}, shift), binary("no rows", op, f, {0, 4}, {4}, shift),
                binary("large", op, f, {70, 300}, {70, 300}, shift)},
      .bad_calls = {{[=] {
                       op(Tensor::zeros({2, 3}), Tensor::zeros({2, 4}));
                     },
                     name + ": shapes must broadcast, got (2, 3) and (2, 4)"},
                    {[=] { op(Tensor::zeros({2}), Tensor::zeros({2}, DType::float64)); }, name + ": dtypes must agree, got float32 and float64"}}};
}

OpCase unary(const std::string& name, const Shape& shape, const std::function<Tensor(const Tensor&)>& op,
             const std::function<Array(const Array&)>& f) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0])}; };
  result.reference = [=](const Arrays& x) -> Arrays { return {f(x[0])}; };
  result.terms = std::max<std::int64_t>(1, element_count(shape));
  return result;
}

std::function<Array(const Array&)> each(const std::function<double(double)>& f) {
  return [=](const Array& x) {
    Array y = x;
    for (double& value : y.values) value = f(value);
    return y;
  };
}

}  // namespace

std::vector<OpFamily> elementwise_families() {
  return {binary_family("add", ops::add, std::plus<>()), binary_family("subtract", ops::subtract, std::minus<>()),
          binary_family("multiply", ops::multiply, std::multiplies<>()), binary_family("divide", ops::divide, std::divides<>(), 2)};
}

std::vector<OpFamily> reduction_families() {
  const auto total = [](const Array& x) {
    Array y = Array::zeros({});
    for (const double value : x.values) y.values[0] += value;
    return y;
  };
  const auto average = [=](const Array& x) {
    Array y = total(x);
    y.values[0] /= static_cast<double>(x.values.size());
    return y;
  };
  return {
      {.op = "scale",
       .cases = {unary(
                     "by -1.5", {3, 4}, [](const Tensor& x) { return ops::scale(x, -1.5); }, each([](double x) { return -1.5 * x; })),
                 unary(
                     "no elements", {0}, [](const Tensor& x) { return ops::scale(x, 2); }, each([](double x) { return 2 * x; }))},
       .bad_calls = {{[] { ops::scale(Tensor::zeros({2}, DType::int32), 2); }, "scale: dtype must be float32 or float64, got int32"}}},
      {.op = "sum",
       .cases = {unary("a matrix", {3, 4}, ops::sum, total), unary("a scalar", {}, ops::sum, total), unary("no elements", {2, 0}, ops::sum, total)},
       .bad_calls = {{[] { ops::sum(Tensor::zeros({2}, DType::int32)); }, "sum: dtype must be float32 or float64, got int32"}}},
      {.op = "mean",
       .cases = {unary("a matrix", {3, 4}, ops::mean, average), unary("one element", {1}, ops::mean, average)},
       .bad_calls = {{[] {
                        ops::mean(Tensor::zeros({0, 2}));
                      },
                      "mean: the tensor must have elements, got shape (0, 2)"}}}};
}

}  // namespace linnet::testing
