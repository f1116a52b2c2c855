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

/// where(c, a, b) for fixed c.
OpCase choice(const std::string& name, const Shape& c, const Shape& a, const Shape& b) {
  OpCase result;
  result.name = name;
  std::vector<double> chosen;
  for (std::int64_t i = 0; i < element_count(c); ++i) chosen.push_back(i % 3 == 1 ? 0 : static_cast<double>(i % 5 + 1));
  result.inputs = {integers(c, chosen), normal(a), normal(b)};
  result.call = [](const Tensors& x) -> Tensors { return {ops::where(x[0], x[1], x[2])}; };
  result.reference = [](const Arrays& x) -> Arrays {
    const Array left = plain_broadcast(x[0], x[1], [](double keep, double value) { return keep != 0 ? value : 0; });
    const Array right = plain_broadcast(x[0], x[2], [](double keep, double value) { return keep != 0 ? 0 : value; });
    return {plain_broadcast(left, right, std::plus<>())};
  };
  result.terms = std::max({element_count(c), element_count(a), element_count(b)});
  return result;
}

OpFamily where_family() {
  return {
      .op = "where",
      .cases = {choice("one shape", {3, 4}, {3, 4}, {3, 4}), choice("a column of conditions", {3, 1}, {3, 4}, {4}),
                choice("values stretch", {2, 3}, {}, {1, 1}), choice("all stretch", {2, 1, 1}, {3, 1}, {1, 4}), choice("no rows", {0, 4}, {4}, {4}),
                choice("large", {70, 300}, {70, 300}, {300})},
      .bad_calls = {{[] { ops::where(Tensor::zeros({2}), Tensor::zeros({2}), Tensor::zeros({2})); }, "where: condition must be int32, got float32"},
                    {[] { ops::where(Tensor::zeros({3}, DType::int32), Tensor::zeros({2}), Tensor::zeros({2})); },
                     "where: shapes must broadcast, got (2) and (3)"},
                    {[] { ops::where(Tensor::zeros({2}, DType::int32), Tensor::zeros({2}), Tensor::zeros({2}, DType::float64)); },
                     "where: dtypes must agree, got float32 and float64"}}};
}

OpFamily broadcast_to_family() {
  const auto stretch = [](const std::string& name, const Shape& from, const Shape& to) {
    OpCase result;
    result.name = name;
    result.inputs = {normal(from)};
    result.call = [=](const Tensors& x) -> Tensors { return {ops::broadcast_to(x[0], to)}; };
    result.reference = [=](const Arrays& x) -> Arrays {
      return {plain_broadcast(x[0], Array::zeros(to), [](double value, double) { return value; })};
    };
    result.terms = element_count(to);
    return result;
  };
  return {.op = "broadcast_to",
          .cases = {stretch("a row", {4}, {3, 4}), stretch("a column", {3, 1}, {3, 4}), stretch("a scalar", {}, {2, 3}),
                    stretch("the middle", {2, 1, 3}, {2, 4, 3}), stretch("to nothing", {1, 2}, {0, 2}), stretch("nothing", {0}, {2, 0}),
                    stretch("not at all", {2, 3}, {2, 3}), stretch("ones", {1, 1}, {1, 1, 1})},
          .bad_calls = {{[] {
                           ops::broadcast_to(Tensor::zeros({2, 3}), {3});
                         },
                         "broadcast_to: shape must be one that (2, 3) stretches to, got (3)"},
                        {[] {
                           ops::broadcast_to(Tensor::zeros({2, 3}), {2, 4});
                         },
                         "broadcast_to: shapes must broadcast, got (2, 3) and (2, 4)"}}};
}

/// A comparison of small whole numbers, so that equal ones are among them.
OpFamily comparison_family(const std::string& name, Binary op, const std::function<bool(double, double)>& f) {
  const auto compare = [&](const std::string& what, const Shape& a, const Shape& b, bool integer) {
    const auto numbers = [&](const Shape& shape, std::int64_t step) {
      std::vector<double> values;
      for (std::int64_t i = 0; i < element_count(shape); ++i) values.push_back(static_cast<double>(i * step % 5 - 2));
      OpInput input = integers(shape, values);
      input.integer = integer;
      return input;
    };
    OpCase result;
    result.name = what;
    result.inputs = {numbers(a, 1), numbers(b, 3)};
    result.call = [=](const Tensors& x) -> Tensors { return {op(x[0], x[1])}; };
    result.reference = [=](const Arrays& x) -> Arrays { return {plain_broadcast(x[0], x[1], [=](double p, double q) { return f(p, q) ? 1 : 0; })}; };
    return result;
  };
  return {.op = name,
          .cases = {compare("one shape", {3, 4}, {3, 4}, false), compare("both stretch", {2, 1, 3}, {4, 1}, false),
                    compare("int32", {3, 4}, {4}, true), compare("nothing", {0}, {1}, false), compare("numbers", {}, {}, false)},
          .bad_calls = {{[=] { op(Tensor::zeros({2}), Tensor::zeros({2}, DType::int32)); }, name + ": dtypes must agree, got float32 and int32"},
                        {[=] { op(Tensor::zeros({2}), Tensor::zeros({3})); }, name + ": shapes must broadcast, got (2) and (3)"}}};
}

/// a^b for positive a, and for a of either sign with whole b.
OpFamily power_family() {
  const Number plain = [](double a, double b) { return std::pow(a, b); };
  OpFamily family = binary_family("power", ops::power, plain);
  for (OpCase& one : family.cases) {
    one.inputs[0].scale = 0.2;
    one.inputs[0].shift = 1.5;
    one.amplification = 16;
  }
  OpCase whole = binary("whole exponents", ops::power, plain, {2, 4}, {2, 4});
  whole.inputs[0].values = {-2, -1.5, 0, 0, 0.5, 3, -1, 2};
  whole.inputs[1] = constant({2, 4});
  whole.inputs[1].values = {2, 3, 2, 1, -1, 0, 1, 1};
  whole.amplification = 16;
  family.cases.push_back(whole);
  return family;
}

}  // namespace

std::vector<OpFamily> elementwise_families() {
  return {binary_family("add", ops::add, std::plus<>()),
          binary_family("subtract", ops::subtract, std::minus<>()),
          binary_family("multiply", ops::multiply, std::multiplies<>()),
          binary_family("divide", ops::divide, std::divides<>(), 2),
          power_family(),
          binary_family("minimum", ops::minimum, [](double a, double b) { return std::min(a, b); }),
          binary_family("maximum", ops::maximum, [](double a, double b) { return std::max(a, b); }),
          where_family(),
          broadcast_to_family(),
          comparison_family("equal", ops::equal, std::equal_to<>()),
          comparison_family("not_equal", ops::not_equal, std::not_equal_to<>()),
          comparison_family("less", ops::less, std::less<>()),
          comparison_family("less_equal", ops::less_equal, std::less_equal<>()),
          comparison_family("greater", ops::greater, std::greater<>()),
          comparison_family("greater_equal", ops::greater_equal, std::greater_equal<>())};
}

}  // namespace linnet::testing
