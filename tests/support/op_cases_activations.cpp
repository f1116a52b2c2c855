#include <cmath>
#include <numbers>

#include "framework/ops/activations.h"
#include "framework/ops/softmax.h"
#include "tests/support/op_families.h"

namespace linnet::testing {

double activated(Activation activation, double x) {
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  switch (activation) {
    case Activation::linear: return x;
    case Activation::relu: return std::max(x, 0.0);
    case Activation::tanh: return std::tanh(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::gelu: return x / 2 * std::erfc(-x / std::numbers::sqrt2);
    case Activation::gelu_approximate: return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Activation::leaky_relu: return x > 0 ? x : x / 5;
    case Activation::relu6: return std::clamp(x, 0.0, 6.0);
    case Activation::elu:
    case Activation::celu: return x > 0 ? x : std::expm1(x);
    case Activation::selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case Activation::softplus: return std::log1p(std::exp(x));
    case Activation::softsign: return x / (1 + std::abs(x));
    case Activation::squareplus: return (x + std::hypot(x, 2)) / 2;
    case Activation::soft_shrink: return std::copysign(std::max(std::abs(x) - 0.5, 0.0), x);
    case Activation::hard_shrink: return std::abs(x) > 0.5 ? x : 0;
    case Activation::tanh_shrink: return x - std::tanh(x);
    case Activation::sparse_plus: return std::abs(x) < 1 ? (x + 1) * (x + 1) / 4 : std::max(x, 0.0);
    case Activation::sparse_sigmoid: return std::clamp((x + 1) / 2, 0.0, 1.0);
    case Activation::silu: return x * sigmoid(x);
    case Activation::exponential: return std::exp(x);
    case Activation::hard_sigmoid: return std::clamp((x + 3) / 6, 0.0, 1.0);
    case Activation::hard_silu: return x * std::clamp((x + 3) / 6, 0.0, 1.0);
    case Activation::hard_tanh: return std::clamp(x, -1.0, 1.0);
    case Activation::mish: return x * std::tanh(std::log1p(std::exp(x)));
    case Activation::log_sigmoid: return -std::log1p(std::exp(-x));
    default: throw std::logic_error("an activation without a reference");
  }
}

namespace {

using Row = std::vector<double>;

/// A case of an op over the last axis whose reference is a function of one row.
OpCase by_row(const std::string& name, OpInput input, std::int64_t columns, std::function<Tensor(const Tensor&)> call,
              std::function<Row(const Row&)> reference) {
  OpCase result;
  result.name = name;
  result.inputs = {std::move(input)};
  result.call = [=](const Tensors& x) -> Tensors { return {call(x[0])}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros(x[0].shape);
    y.shape.back() = columns;
    y.values.clear();
    for (auto from = x[0].values.begin(); from != x[0].values.end(); from += x[0].shape.back()) {
      const Row row = reference(Row(from, from + x[0].shape.back()));
      y.values.insert(y.values.end(), row.begin(), row.end());
    }
    return {y};
  };
  result.terms = columns;
  return result;
}

Row plain_softmax(const Row& x) {
  Row y;
  double total = 0;
  for (const double value : x) total += std::exp(value);
  for (const double value : x) y.push_back(std::exp(value) / total);
  return y;
}

Row plain_log_softmax(const Row& x) {
  Row y = plain_softmax(x);
  for (double& value : y) value = std::log(value);
  return y;
}

/// The projection by bisection of sum(max(x - t, 0)) = 1.
Row plain_sparsemax(const Row& x) {
  double low = -100, high = 100;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    double sum = 0;
    for (const double value : x) sum += std::max(value - middle, 0.0);
    (sum > 1 ? low : high) = middle;
  }
  Row y;
  for (const double value : x) y.push_back(std::max(value - low, 0.0));
  return y;
}

Row plain_glu(const Row& x) {
  Row y;
  for (std::size_t c = 0; c < x.size() / 2; ++c) y.push_back(x[c] / (1 + std::exp(-x[c + x.size() / 2])));
  return y;
}

BadCall on_a_scalar(const std::string& op, std::function<Tensor(const Tensor&)> call) {
  return {[=] { call(Tensor::zeros({})); }, op + ": input must have at least one axis, got a scalar"};
}

OpFamily row_family(const std::string& op, const std::function<Tensor(const Tensor&)>& call, const std::function<Row(const Row&)>& reference) {
  return {.op = op,
          .cases = {by_row("a matrix", normal({3, 5}, 2), 5, call, reference), by_row("rank 3", normal({2, 3, 4}), 4, call, reference),
                    by_row("one column", normal({4, 1}), 1, call, reference), by_row("no rows", normal({0, 3}), 3, call, reference),
                    by_row("many rows", normal({300, 40}), 40, call, reference)},
          .bad_calls = {on_a_scalar(op, call)}};
}

OpFamily elementwise_family(Activation activation) {
  const auto call = [=](const Tensor& x) { return ops::activate(x, activation); };
  const auto reference = [=](const Row& x) {
    Row y;
    for (const double value : x) y.push_back(activated(activation, value));
    return y;
  };
  OpFamily family{.op = cat(activation),
                  .cases = {by_row("a matrix", normal({3, 70}, 3), 70, call, reference), by_row("one element", normal({1}), 1, call, reference),
                            by_row("one column", normal({2, 1}), 1, call, reference), by_row("no elements", normal({0, 2}), 2, call, reference),
                            by_row("several parts", normal({80, 131}), 131, call, reference)},
                  .bad_calls = {{[=] { call(Tensor::zeros({2}, DType::int32)); },
                                 cat(activation, ": dtype must be float32, float64, bfloat16 or float16, got int32")}}};
  for (OpCase& op_case : family.cases) {
    op_case.terms = 1;
    op_case.amplification = 8;  // of the float32 polynomials at |x| up to 10
  }
  return family;
}

OpFamily glu_family() {
  return {.op = "glu",
          .cases = {by_row("a matrix", normal({3, 6}), 3, ops::glu, plain_glu), by_row("rank 3", normal({2, 3, 2}), 1, ops::glu, plain_glu),
                    by_row("no rows", normal({0, 4}), 2, ops::glu, plain_glu), by_row("one row", normal({1, 2}), 1, ops::glu, plain_glu),
                    by_row("many rows", normal({200, 64}), 32, ops::glu, plain_glu)},
          .bad_calls = {on_a_scalar("glu", ops::glu),
                        {[] {
                           ops::glu(Tensor::zeros({2, 3}));
                         },
                         "glu: the last axis must be even, got 3 (input (2, 3))"}}};
}

OpCase masked(const std::string& name, const Shape& shape, const std::vector<double>& mask) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape), integers(shape, mask)};
  result.call = [](const Tensors& x) -> Tensors { return {ops::masked_softmax(x[0], x[1])}; };
  result.reference = [](const Arrays& x) -> Arrays {
    Array y = Array::zeros(x[0].shape);
    const auto columns = static_cast<std::size_t>(y.shape.back());
    for (std::size_t row = 0; row < y.values.size(); row += columns) {
      double total = 0;
      for (std::size_t i = row; i < row + columns; ++i) total += x[1].values[i] != 0 ? std::exp(x[0].values[i]) : 0;
      for (std::size_t i = row; i < row + columns; ++i) y.values[i] = x[1].values[i] != 0 ? std::exp(x[0].values[i]) / total : 0;
    }
    return {y};
  };
  result.terms = 4;
  return result;
}

OpFamily masked_softmax_family() {
  return {.op = "masked_softmax",
          .cases = {masked("a row without any element", {3, 4}, {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0}), masked("a row", {5}, {1, 1, 0, 1, 1}),
                    masked("rank 3", {2, 2, 2}, {1, 1, 1, 0, 0, 1, 0, 0}), masked("one column", {2, 1}, {1, 0}), masked("no rows", {0, 3}, {})},
          .bad_calls = {{[] {
                           ops::masked_softmax(Tensor::zeros({2, 3}), Tensor::zeros({3}, DType::int32));
                         },
                         "masked_softmax: mask must have the input's shape (2, 3), got (3)"}}};
}

}  // namespace

std::vector<OpFamily> activation_families() {
  std::vector<OpFamily> families{row_family("softmax", ops::softmax, plain_softmax), row_family("log_softmax", ops::log_softmax, plain_log_softmax),
                                 row_family("sparsemax", ops::sparsemax, plain_sparsemax), glu_family(), masked_softmax_family()};
  for (OpFamily& family : families) {  // and by name
    if (family.op == "masked_softmax") continue;
    OpCase named = family.cases.front();
    named.name += ", by name";
    named.call = [activation = activation_from_name(family.op)](const Tensors& x) -> Tensors { return {ops::activate(x[0], activation)}; };
    family.cases.push_back(named);
  }
  for (int i = 0; i < kActivations; ++i)
    if (const auto activation = static_cast<Activation>(i); is_elementwise(activation)) families.push_back(elementwise_family(activation));
  return families;
}

}  // namespace linnet::testing
