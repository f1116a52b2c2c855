#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "framework/ops/reductions.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using Numbers = std::vector<double>;
using Reduction = Tensor (*)(const Tensor&, const ops::ReduceOptions&);
using Function = std::function<double(const Numbers&)>;

/// f of the elements that meet in each element of the result, by index arithmetic.
Array plain_reduction(const Array& x, const ops::ReduceOptions& options, const Function& f) {
  const auto rank = static_cast<int>(x.shape.size());
  std::vector<bool> reduced(x.shape.size(), options.axes.empty());
  for (const int axis : options.axes) reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  Shape shape, kept;
  for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
    kept.push_back(reduced[axis] ? 1 : x.shape[axis]);
    if (!reduced[axis] || options.keepdims) shape.push_back(kept.back());
  }
  Array y = Array::zeros(shape);
  std::vector<Numbers> groups(y.values.size());
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    std::size_t rest = i, at = 0, step = 1;
    for (std::size_t axis = x.shape.size(); axis-- > 0;) {
      const std::size_t index = rest % static_cast<std::size_t>(x.shape[axis]);
      rest /= static_cast<std::size_t>(x.shape[axis]);
      at += reduced[axis] ? 0 : index * step;
      step *= static_cast<std::size_t>(kept[axis]);
    }
    groups[at].push_back(x.values[i]);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) y.values[i] = f(groups[i]);
  return y;
}

OpCase reduce(Reduction op, const Function& f, const Shape& shape, const ops::ReduceOptions& options) {
  OpCase result;
  result.name = cat(shape, " over ", Shape(options.axes.begin(), options.axes.end()), options.keepdims ? ", kept" : "");
  result.inputs = {normal(shape)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0], options)}; };
  result.reference = [=](const Arrays& x) -> Arrays { return {plain_reduction(x[0], options, f)}; };
  result.terms = std::max<std::int64_t>(1, element_count(shape));
  result.amplification = 4;
  return result;
}

/// `of_nothing`: the op has a value for no elements.
OpFamily reduction_family(const std::string& name, Reduction op, const Function& f, bool of_nothing) {
  OpFamily family{.op = name, .cases = {}, .bad_calls = {}};
  const auto add = [&](const Shape& shape, const ops::ReduceOptions& options) { family.cases.push_back(reduce(op, f, shape, options)); };
  add({3, 4}, {});
  add({3, 4}, {.keepdims = true});
  add({3, 4}, {.axes = {0}});
  add({3, 4}, {.axes = {-1}});
  add({2, 3, 4}, {.axes = {1}, .keepdims = true});
  add({2, 3, 4}, {.axes = {0, 2}});
  add({2, 3, 2, 2}, {.axes = {3, 1}, .keepdims = true});
  add({2, 3, 4}, {.axes = {1, 2}});
  add({2, 1, 3}, {.axes = {1}});
  add({}, {});
  add({1}, {});
  add({0, 3}, {.axes = {1}});
  if (of_nothing) add({2, 0, 3}, {.axes = {1}});
  if (name != "prod") {  // whose gradients vanish
    add({30, 40, 30}, {.axes = {1}});
    add({3, 20000}, {.axes = {1}});
  }
  if (name == "sum") add({300, 300}, {});
  family.bad_calls = {{[=] {
                         op(Tensor::zeros({2, 3}), {.axes = {2}});
                       },
                       name + ": the axis must lie in [-2, 2), got 2 (input (2, 3))"},
                      {[=] {
                         op(Tensor::zeros({2, 3}), {.axes = {1, -1}});
                       },
                       name + ": each axis may come once, got -1 twice (input (2, 3))"}};
  if (!of_nothing)
    family.bad_calls.push_back({[=] { op(Tensor::zeros({0, 2}), {}); }, name + ": there must be elements to reduce, got shape (0, 2)"});
  return family;
}

double total(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0); }
double average(const Numbers& x) { return total(x) / static_cast<double>(x.size()); }

OpFamily cumsum_family() {
  const auto along = [](const Shape& shape, int axis) {
    OpCase result;
    result.name = cat(shape, " along ", axis);
    result.inputs = {normal(shape)};
    result.call = [=](const Tensors& x) -> Tensors { return {ops::cumsum(x[0], axis)}; };
    result.reference = [=](const Arrays& x) -> Arrays {
      Array y = x[0];
      std::size_t inner = 1;
      const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
      for (std::size_t i = place + 1; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
      for (std::size_t i = 0; i < y.values.size(); ++i)
        if (i / inner % static_cast<std::size_t>(shape[place]) != 0) y.values[i] += y.values[i - inner];
      return {y};
    };
    result.terms = std::max<std::int64_t>(1, element_count(shape));
    return result;
  };
  return {.op = "cumsum",
          .cases = {along({5}, 0), along({2, 3, 4}, 1), along({3, 4}, -1), along({3, 1}, 1), along({0, 3}, 0), along({40, 30, 20}, 1)},
          .bad_calls = {{[] {
                           ops::cumsum(Tensor::zeros({2, 3}), 2);
                         },
                         "cumsum: the axis must lie in [-2, 2), got 2 (input (2, 3))"}}};
}

}  // namespace

std::vector<OpFamily> reduction_families() {
  const auto product = [](const Numbers& x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); };
  OpFamily prod = reduction_family("prod", ops::prod, product, true);
  OpCase zeros = reduce(ops::prod, product, {4, 3}, {.axes = {1}});
  zeros.name = "zeros among the factors";
  zeros.inputs[0].values = {1.5, 0, 2, 0, 0, 3, 2, -1, 0.5, 0, 0, 0};
  prod.cases.push_back(zeros);
  return {reduction_family("sum", ops::sum, total, true),
          reduction_family("mean", ops::mean, average, false),
          reduction_family(
              "var", ops::var,
              [](const Numbers& x) {
                const double middle = average(x);
                double squares = 0;
                for (const double value : x) squares += (value - middle) * (value - middle);
                return squares / static_cast<double>(x.size());
              },
              false),
          prod,
          reduction_family(
              "max", ops::max, [](const Numbers& x) { return *std::ranges::max_element(x); }, false),
          reduction_family(
              "min", ops::min, [](const Numbers& x) { return *std::ranges::min_element(x); }, false),
          reduction_family(
              "logsumexp", ops::logsumexp,
              [](const Numbers& x) {
                double sum = 0;
                for (const double value : x) sum += std::exp(value);
                return std::log(sum);
              },
              false),
          cumsum_family()};
}

}  // namespace linnet::testing
