#include <algorithm>
#include <numeric>

#include "framework/ops/indexing.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

/// Numbers in [0, extent), some of them repeated.
OpInput some_indices(const Shape& shape, std::int64_t extent) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < element_count(shape); ++i) values.push_back(static_cast<double>((i * i + 2) % extent));
  return integers(shape, values);
}

OpCase taking(const std::string& name, const Shape& from, const Shape& indices, int axis) {
  const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(from.size()) : axis);
  OpCase result;
  result.name = name;
  result.inputs = {normal(from), some_indices(indices, from[place])};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::take(x[0], x[1], axis)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Shape shape(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(place));
    shape.insert(shape.end(), indices.begin(), indices.end());
    shape.insert(shape.end(), from.begin() + static_cast<std::ptrdiff_t>(place) + 1, from.end());
    Array y = Array::zeros(shape);
    for_each_index(shape, [&](const Shape& index) {
      const auto first = index.begin() + static_cast<std::ptrdiff_t>(place), last = first + static_cast<std::ptrdiff_t>(indices.size());
      Shape source(index.begin(), first);
      source.push_back(static_cast<std::int64_t>(x[1].at(Shape(first, last))));
      source.insert(source.end(), last, index.end());
      y.at(index) = x[0].at(source);
    });
    return {y};
  };
  result.terms = std::max<std::int64_t>(1, element_count(indices));
  return result;
}

OpFamily take_family() {
  return {.op = "take",
          .cases = {taking("rows", {5, 3}, {4}, 0), taking("columns", {3, 5}, {2}, 1), taking("the middle", {2, 4, 3}, {2, 2}, 1),
                    taking("one number", {3, 4}, {}, -1), taking("no numbers", {3, 2}, {0}, 0), taking("of one", {1, 2}, {3}, 0),
                    taking("large", {20, 50, 40}, {30}, 1)},
          .bad_calls = {{[] {
                           ops::take(Tensor::zeros({3, 2}), Tensor::from<std::int32_t>({1, 2}, {2}), 1);
                         },
                         "take: indices must lie in [0, 2), got 2 at position 1"},
                        {[] {
                           ops::take(Tensor::zeros({3, 2}), Tensor::from<std::int32_t>({-1}, {1}), 0);
                         },
                         "take: indices must lie in [0, 3), got -1 at position 0"},
                        {[] {
                           ops::take(Tensor::zeros({3, 2}), Tensor::zeros({1}), 0);
                         },
                         "take: indices must be int32, got float32"},
                        {[] {
                           ops::take(Tensor::zeros({3, 2}), Tensor::zeros({1}, DType::int32), 2);
                         },
                         "take: the axis must lie in [-2, 2), got 2 (input (3, 2))"}}};
}

OpCase along_axis(const std::string& name, const Shape& from, const Shape& indices, int axis) {
  const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(from.size()) : axis);
  OpCase result;
  result.name = name;
  result.inputs = {normal(from), some_indices(indices, from[place])};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::take_along_axis(x[0], x[1], axis)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros(indices);
    for_each_index(indices, [&](const Shape& index) {
      Shape source = index;
      source[place] = static_cast<std::int64_t>(x[1].at(index));
      y.at(index) = x[0].at(source);
    });
    return {y};
  };
  result.terms = std::max<std::int64_t>(1, element_count(indices));
  return result;
}

OpFamily take_along_axis_family() {
  return {.op = "take_along_axis",
          .cases = {along_axis("rows", {4, 3}, {2, 3}, 0), along_axis("columns", {3, 4}, {3, 6}, -1),
                    along_axis("the middle", {2, 3, 2}, {2, 4, 2}, 1), along_axis("no numbers", {3, 2}, {0, 2}, 0), along_axis("one", {1}, {1}, 0)},
          .bad_calls = {{[] {
                           ops::take_along_axis(Tensor::zeros({3, 2}), Tensor::zeros({2, 2}, DType::int32), 1);
                         },
                         "take_along_axis: indices must have x's shape (3, 2) but for axis 1, got (2, 2)"},
                        {[] {
                           ops::take_along_axis(Tensor::zeros({3, 2}), Tensor::zeros({3}, DType::int32), 1);
                         },
                         "take_along_axis: indices must have x's shape (3, 2) but for axis 1, got (3)"},
                        {[] { ops::take_along_axis(Tensor::zeros({2}), Tensor::from<std::int32_t>({2}, {1}), 0); },
                         "take_along_axis: indices must lie in [0, 2), got 2 at position 0"}}};
}

OpFamily one_hot_family() {
  const auto hot = [](const Shape& shape, std::int64_t classes) {
    OpCase result;
    result.name = cat(shape, " of ", classes);
    result.inputs = {some_indices(shape, classes), constant({})};
    result.call = [=](const Tensors& x) -> Tensors { return {ops::one_hot(x[0], classes, x[1].dtype())}; };
    result.reference = [=](const Arrays& x) -> Arrays {
      Shape wide = shape;
      wide.push_back(classes);
      Array y = Array::zeros(wide);
      for (std::size_t i = 0; i < x[0].values.size(); ++i)
        y.values[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(x[0].values[i])] = 1;
      return {y};
    };
    return result;
  };
  return {.op = "one_hot",
          .cases = {hot({4}, 3), hot({2, 3}, 4), hot({}, 2), hot({0}, 3), hot({3}, 1), hot({0}, 0)},
          .bad_calls = {{[] {
                           ops::one_hot(Tensor::from<std::int32_t>({0, 3}, {2}), 3);
                         },
                         "one_hot: indices must lie in [0, 3), got 3 at position 1"},
                        {[] { ops::one_hot(Tensor::zeros({1}, DType::int32), -1); }, "one_hot: classes must not be negative, got -1"},
                        {[] { ops::one_hot(Tensor::zeros({1}), 2); }, "one_hot: indices must be int32, got float32"}}};
}

OpFamily best_family(const std::string& name, Tensor (*op)(const Tensor&, int), const std::function<bool(double, double)>& better) {
  const auto best = [&](const Shape& shape, int axis) {
    const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
    OpCase result;
    result.name = cat(shape, " along ", axis);
    result.inputs = {constant(shape)};
    // Small whole numbers: the first one of equals.
    for (std::int64_t i = 0; i < element_count(shape); ++i) result.inputs[0].values.push_back(static_cast<double>(i * 7 % 5));
    result.call = [=](const Tensors& x) -> Tensors { return {op(x[0], axis)}; };
    result.reference = [=](const Arrays& x) -> Arrays {
      Shape rest = shape;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(place));
      Array y = Array::zeros(rest);
      for_each_index(rest, [&](const Shape& index) {
        const auto element = [&](std::int64_t i) {
          Shape source = index;
          source.insert(source.begin() + static_cast<std::ptrdiff_t>(place), i);
          return x[0].at(source);
        };
        std::int64_t top = 0;
        for (std::int64_t i = 1; i < shape[place]; ++i)
          if (better(element(i), element(top))) top = i;
        y.at(index) = static_cast<double>(top);
      });
      return {y};
    };
    return result;
  };
  return {.op = name,
          .cases = {best({3, 4}, -1), best({3, 4}, 0), best({2, 3, 4}, 1), best({4}, 0), best({2, 1}, 1), best({0, 2}, 1)},
          .bad_calls = {{[=] {
                           op(Tensor::zeros({2, 0}), 1);
                         },
                         name + ": the axis must have elements, got axis 1 of (2, 0)"},
                        {[=] { op(Tensor::zeros({}), 0); }, name + ": the axis must lie in [0, 0), got 0 (input ())"}}};
}

OpFamily top_k_family() {
  const auto top = [](const Shape& shape, std::int64_t k) {
    OpCase result;
    result.name = cat(k, " of ", shape);
    result.inputs = {normal(shape)};
    result.call = [=](const Tensors& x) -> Tensors {
      const ops::TopK both = ops::top_k(x[0], k);
      return {both.values, both.indices};
    };
    result.reference = [=](const Arrays& x) -> Arrays {
      Shape narrow = shape;
      narrow.back() = k;
      Array values = Array::zeros(narrow), indices = Array::zeros(narrow);
      const auto columns = static_cast<std::size_t>(shape.back()), kept = static_cast<std::size_t>(k);
      for (std::size_t row = 0; row * columns < x[0].values.size(); ++row) {
        std::vector<std::size_t> order(columns);
        std::iota(order.begin(), order.end(), 0);
        std::ranges::stable_sort(order,
                                 [&](std::size_t a, std::size_t b) { return x[0].values[row * columns + a] > x[0].values[row * columns + b]; });
        for (std::size_t i = 0; i < kept; ++i) {
          values.values[row * kept + i] = x[0].values[row * columns + order[i]];
          indices.values[row * kept + i] = static_cast<double>(order[i]);
        }
      }
      return {values, indices};
    };
    return result;
  };
  OpCase equal_ones = top({2, 4}, 3);
  equal_ones.name = "equal ones in their order";
  equal_ones.inputs[0] = constant({2, 4});
  equal_ones.inputs[0].values = {1, 2, 2, 1, 0, 0, 0, 3};
  return {.op = "top_k",
          .cases = {top({3, 5}, 2), top({2, 2, 4}, 4), top({3}, 1), top({2, 1}, 1), top({0, 3}, 2), equal_ones},
          .bad_calls = {{[] {
                           ops::top_k(Tensor::zeros({2, 3}), 4);
                         },
                         "top_k: k must lie in [1, 3], got 4"},
                        {[] { ops::top_k(Tensor::zeros({}), 1); }, "top_k: the axis must lie in [0, 0), got -1 (input ())"}}};
}

}  // namespace

std::vector<OpFamily> indexing_families() {
  return {take_family(),
          take_along_axis_family(),
          one_hot_family(),
          best_family("argmax", ops::argmax, std::greater<>()),
          best_family("argmin", ops::argmin, std::less<>()),
          top_k_family()};
}

}  // namespace linnet::testing
