#include <numeric>

#include "framework/ops/slicing.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using Place = std::function<Shape(const Shape& index)>;

/// An op of one input whose element at `index` of a result of `shape` is the input's at source(index).
OpCase moved(const std::string& name, const Shape& from, const Shape& shape, const std::function<Tensor(const Tensor&)>& op, const Place& source) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(from)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0])}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros(shape);
    for_each_index(shape, [&](const Shape& index) { y.at(index) = x[0].at(source(index)); });
    return {y};
  };
  return result;
}

/// The index moved along an axis: first + step times it.
Place along(std::size_t axis, std::int64_t first, std::int64_t step = 1) {
  return [=](Shape index) {
    index[axis] = first + step * index[axis];
    return index;
  };
}

OpCase cut(const std::string& name, const Shape& from, int axis, const ops::SliceRange& range, std::int64_t begin, std::int64_t count) {
  const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(from.size()) : axis);
  Shape shape = from;
  shape[place] = count;
  return moved(
      name, from, shape, [=](const Tensor& x) { return ops::slice(x, axis, range); }, along(place, begin, range.step));
}

OpFamily slice_family() {
  return {.op = "slice",
          .cases = {cut("rows", {5, 3}, 0, {.begin = 1, .end = 4}, 1, 3), cut("columns", {3, 5}, 1, {.begin = 2}, 2, 3),
                    cut("the middle", {2, 5, 3}, 1, {.begin = 1, .end = 3}, 1, 2), cut("from the end", {2, 5}, -1, {.begin = -2}, 3, 2),
                    cut("without the last", {5}, 0, {.end = -1}, 0, 4), cut("every other", {2, 5, 2}, 1, {.step = 2}, 0, 3),
                    cut("every third from the second on", {7, 2}, 0, {.begin = 1, .end = 6, .step = 3}, 1, 2),
                    cut("nothing", {4, 2}, 0, {.begin = 2, .end = 2}, 2, 0), cut("of nothing", {0, 2}, 1, {.end = 1}, 0, 1),
                    cut("all of one", {1, 1}, 0, {}, 0, 1), cut("large", {60, 50, 40}, 1, {.begin = 10, .end = 40}, 10, 30)},
          .bad_calls = {{[] {
                           ops::slice(Tensor::zeros({2, 3}), 1, {.begin = 2, .end = 4});
                         },
                         "slice: the range must lie in axis 1 of (2, 3), got [2, 4)"},
                        {[] {
                           ops::slice(Tensor::zeros({2, 3}), 1, {.begin = -4, .end = 2});
                         },
                         "slice: the range must lie in axis 1 of (2, 3), got [-4, 2)"},
                        {[] {
                           ops::slice(Tensor::zeros({2, 3}), 0, {.step = 0});
                         },
                         "slice: step must be positive, got 0"},
                        {[] {
                           ops::slice(Tensor::zeros({2, 3}), 2, {});
                         },
                         "slice: the axis must lie in [-2, 2), got 2 (input (2, 3))"}}};
}

OpFamily flip_family() {
  const auto reversed = [](const Shape& shape, int axis) {
    const auto place = static_cast<std::size_t>(axis);
    return moved(
        cat(shape, " along ", axis), shape, shape, [=](const Tensor& x) { return ops::flip(x, axis); }, along(place, shape[place] - 1, -1));
  };
  return {.op = "flip",
          .cases = {reversed({4}, 0), reversed({2, 3, 2}, 1), reversed({2, 3}, 1), reversed({0, 2}, 0), reversed({1, 2}, 0)},
          .bad_calls = {{[] { ops::flip(Tensor::zeros({}), 0); }, "flip: the axis must lie in [0, 0), got 0 (input ())"}}};
}

/// Tensors joined along an axis; with `fresh`, which each of them lacks.
OpCase join(const std::string& name, const std::vector<Shape>& shapes, int axis, const Shape& shape, bool fresh) {
  OpCase result;
  result.name = name;
  for (const Shape& one : shapes) result.inputs.push_back(normal(one));
  result.call = [=](const Tensors& x) -> Tensors { return {fresh ? ops::stack(x, axis) : ops::concatenate(x, axis)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
    Array y = Array::zeros(shape);
    std::int64_t first = 0;
    for (const Array& part : x) {
      for_each_index(part.shape, [&](const Shape& index) {
        Shape to = index;
        if (fresh) to.insert(to.begin() + static_cast<std::ptrdiff_t>(place), 0);
        to[place] += first;
        y.at(to) = part.at(index);
      });
      first += fresh ? 1 : part.shape[place];
    }
    return {y};
  };
  return result;
}

OpFamily concatenate_family() {
  return {.op = "concatenate",
          .cases = {join("rows", {{2, 3}, {1, 3}}, 0, {3, 3}, false), join("columns", {{2, 1}, {2, 3}, {2, 2}}, -1, {2, 6}, false),
                    join("the middle", {{2, 2, 2}, {2, 1, 2}}, 1, {2, 3, 2}, false), join("one", {{2, 2}}, 0, {2, 2}, false),
                    join("an empty one", {{2, 0}, {2, 2}}, 1, {2, 2}, false), join("large", {{30, 70, 5}, {30, 40, 5}}, 1, {30, 110, 5}, false)},
          .bad_calls = {{[] { ops::concatenate(Tensors{}); }, "concatenate: there must be tensors, got none"},
                        {[] {
                           ops::concatenate({Tensor::zeros({2, 3}), Tensor::zeros({2, 2})});
                         },
                         "concatenate: shapes must agree but for axis 0, got (2, 3) and (2, 2)"},
                        {[] {
                           ops::concatenate({Tensor::zeros({2, 3}), Tensor::zeros({2})});
                         },
                         "concatenate: shapes must agree but for axis 0, got (2, 3) and (2)"},
                        {[] {
                           ops::concatenate({Tensor::zeros({2}), Tensor::zeros({2}, DType::float64)});
                         },
                         "concatenate: dtypes must agree, got float32 and float64"},
                        {[] { ops::concatenate({Tensor::zeros({2})}, 1); }, "concatenate: the axis must lie in [-1, 1), got 1 (input (2))"}}};
}

OpFamily stack_family() {
  return {.op = "stack",
          .cases = {join("in front", {{2, 3}, {2, 3}}, 0, {2, 2, 3}, true), join("in the middle", {{2, 3}, {2, 3}, {2, 3}}, 1, {2, 3, 3}, true),
                    join("at the end", {{2, 2}, {2, 2}}, -1, {2, 2, 2}, true), join("scalars", {{}, {}, {}}, 0, {3}, true),
                    join("empty ones", {{0}, {0}}, 0, {2, 0}, true)},
          .bad_calls = {{[] { ops::stack(Tensors{}); }, "stack: there must be tensors, got none"},
                        {[] {
                           ops::stack({Tensor::zeros({2}), Tensor::zeros({3})});
                         },
                         "stack: shapes must agree, got (2) and (3)"},
                        {[] {
                           ops::stack({Tensor::zeros({2}), Tensor::zeros({2}, DType::int32)});
                         },
                         "stack: dtypes must agree, got float32 and int32"},
                        {[] { ops::stack({Tensor::zeros({2})}, 2); }, "stack: the axis must lie in [-2, 2), got 2 (input (2))"}}};
}

/// x in parts along an axis, with these bounds; without the axis for unstack.
OpCase parts(const std::string& name, const Shape& shape, std::size_t axis, const std::vector<std::int64_t>& bounds, bool squeezed,
             const std::function<Tensors(const Tensor&)>& op) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  result.call = [=](const Tensors& x) { return op(x[0]); };
  result.reference = [=](const Arrays& x) {
    Arrays results;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      Shape part = shape;
      part[axis] = bounds[i + 1] - bounds[i];
      Array y = Array::zeros(part);
      for_each_index(part, [&](const Shape& index) { y.at(index) = x[0].at(along(axis, bounds[i])(index)); });
      if (squeezed) y.shape.erase(y.shape.begin() + static_cast<std::ptrdiff_t>(axis));
      results.push_back(y);
    }
    return results;
  };
  return result;
}

std::vector<OpFamily> split_families() {
  const auto wrong_axis = [](const std::string& op) { return op + ": the axis must lie in [-1, 1), got 1 (input (4))"; };
  return {{.op = "split",
           .cases = {parts("rows", {4, 3}, 0, {0, 2, 4}, false, [](const Tensor& x) { return ops::split(x, 2); }),
                     parts("columns", {2, 6}, 1, {0, 2, 4, 6}, false, [](const Tensor& x) { return ops::split(x, 3, -1); }),
                     parts("one", {2, 3}, 1, {0, 3}, false, [](const Tensor& x) { return ops::split(x, 1, 1); }),
                     parts("nothing", {0, 2}, 0, {0, 0, 0}, false, [](const Tensor& x) { return ops::split(x, 2); }),
                     parts("one row", {1, 4}, 1, {0, 2, 4}, false, [](const Tensor& x) { return ops::split(x, 2, 1); })},
           .bad_calls = {{[] { ops::split(Tensor::zeros({4}), 3); }, "split: sections must divide axis 0 of (4), got 3"},
                         {[] { ops::split(Tensor::zeros({4}), 0); }, "split: sections must divide axis 0 of (4), got 0"},
                         {[] { ops::split(Tensor::zeros({4}), 2, 1); }, wrong_axis("split")}}},
          {.op = "split_at",
           .cases = {parts("unequal", {2, 5}, 1, {0, 1, 4, 5}, false,
                           [](const Tensor& x) {
                             return ops::split_at(x, {1, 4}, 1);
                           }),
                     parts("an empty part", {3, 2}, 0, {0, 0, 3}, false, [](const Tensor& x) { return ops::split_at(x, {0}); }),
                     parts("one row", {1, 3}, 1, {0, 2, 3}, false, [](const Tensor& x) { return ops::split_at(x, {2}, -1); }),
                     parts("the middle", {2, 3, 2}, 1, {0, 1, 3}, false, [](const Tensor& x) { return ops::split_at(x, {1}, 1); }),
                     parts("of nothing", {0, 2}, 1, {0, 1, 2}, false, [](const Tensor& x) { return ops::split_at(x, {1}, 1); })},
           .bad_calls = {{[] {
                            ops::split_at(Tensor::zeros({4}), {3, 2});
                          },
                          "split_at: places must ascend within axis 0 of (4), got (3, 2)"},
                         {[] { ops::split_at(Tensor::zeros({4}), {5}); }, "split_at: places must ascend within axis 0 of (4), got (5)"},
                         {[] { ops::split_at(Tensor::zeros({4}), {1}, 1); }, wrong_axis("split_at")}}},
          {.op = "unstack",
           .cases = {parts("rows", {2, 3}, 0, {0, 1, 2}, true, [](const Tensor& x) { return ops::unstack(x); }),
                     parts("the middle", {2, 3, 2}, 1, {0, 1, 2, 3}, true, [](const Tensor& x) { return ops::unstack(x, 1); }),
                     parts("one number", {1}, 0, {0, 1}, true, [](const Tensor& x) { return ops::unstack(x); }),
                     parts("columns", {3, 2}, 1, {0, 1, 2}, true, [](const Tensor& x) { return ops::unstack(x, -1); }),
                     parts("nothing", {2, 0}, 0, {0, 1, 2}, true, [](const Tensor& x) { return ops::unstack(x); })},
           .bad_calls = {{[] { ops::unstack(Tensor::zeros({4}), 1); }, wrong_axis("unstack")}}}};
}

OpFamily pad_family() {
  const auto padded = [](const Shape& from, int axis, std::int64_t before, std::int64_t after, double value) {
    const auto place = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(from.size()) : axis);
    OpCase result;
    result.name = cat(from, " by ", before, " and ", after, " along ", axis);
    result.inputs = {normal(from)};
    result.call = [=](const Tensors& x) -> Tensors { return {ops::pad(x[0], axis, before, after, value)}; };
    result.reference = [=](const Arrays& x) -> Arrays {
      Shape shape = from;
      shape[place] += before + after;
      Array y{shape, std::vector<double>(static_cast<std::size_t>(element_count(shape)), value)};
      for_each_index(from, [&](const Shape& index) { y.at(along(place, before)(index)) = x[0].at(index); });
      return {y};
    };
    return result;
  };
  return {.op = "pad",
          .cases = {padded({2, 3}, 0, 1, 2, 0), padded({2, 3, 2}, 1, 2, 0, -1.5), padded({3}, -1, 0, 0, 1), padded({0, 2}, 0, 1, 1, 4),
                    padded({1, 3}, 0, 1, 0, 0)},
          .bad_calls = {{[] { ops::pad(Tensor::zeros({2}), 0, -1, 2); }, "pad: before and after must not be negative, got -1 and 2"},
                        {[] { ops::pad(Tensor::zeros({2}), 1, 1, 1); }, "pad: the axis must lie in [-1, 1), got 1 (input (2))"}}};
}

}  // namespace

std::vector<OpFamily> slicing_families() {
  std::vector<OpFamily> families{slice_family(), flip_family(), concatenate_family(), stack_family(), pad_family()};
  for (OpFamily& family : split_families()) families.push_back(std::move(family));
  return families;
}

}  // namespace linnet::testing
