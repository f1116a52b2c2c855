#include "framework/ops/embedding.h"
#include "framework/ops/views.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

OpCase lookup(const std::string& name, const Shape& table, const Shape& ids, const std::vector<double>& values) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(table), integers(ids, values)};
  result.call = [](const Tensors& x) -> Tensors { return {ops::embedding(x[0], x[1])}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Shape shape = ids;
    shape.push_back(table[1]);
    Array y = Array::zeros(shape);
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const auto columns = static_cast<std::size_t>(table[1]);
      y.values[i] = x[0](static_cast<std::int64_t>(values[i / columns]), static_cast<std::int64_t>(i % columns));
    }
    return {y};
  };
  result.terms = static_cast<std::int64_t>(values.size()) + 1;
  return result;
}

OpCase first(const std::string& name, const std::vector<std::int32_t>& lengths, std::int64_t columns) {
  const SequenceLayout layout = SequenceLayout::ragged(lengths);
  OpCase result;
  result.name = name;
  result.inputs = {normal({layout.tokens(), columns})};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::first_rows(x[0], layout)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros({layout.batch(), columns});
    for (std::int64_t i = 0; i < layout.batch(); ++i)
      for (std::int64_t c = 0; c < columns; ++c) y(i, c) = x[0](layout.begin(i), c);
    return {y};
  };
  return result;
}

/// An op whose result has the elements of its input in their order.
OpCase view(const std::string& name, const Shape& from, const Shape& to, const std::function<Tensor(const Tensor&)>& op) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(from)};
  result.call = [=](const Tensors& x) -> Tensors { return {op(x[0])}; };
  result.reference = [=](const Arrays& x) -> Arrays { return {Array{to, x[0].values}}; };
  return result;
}

OpCase left_over(const std::string& name, const Shape& from, const Shape& asked, const Shape& to) {
  return view(name, from, to, [=](const Tensor& x) { return ops::reshape(x, asked); });
}
OpCase same_elements(const std::string& name, const Shape& from, const Shape& to) { return left_over(name, from, to, to); }

OpCase rows(const std::string& name, const Shape& shape, std::int64_t begin, std::int64_t end) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::slice_rows(x[0], begin, end)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Shape part = shape;
    part[0] = end - begin;
    const std::int64_t row = element_count(shape) / shape[0];
    return {Array{part, {x[0].values.begin() + begin * row, x[0].values.begin() + end * row}}};
  };
  return result;
}

}  // namespace

std::vector<OpFamily> row_families() {
  return {{.op = "embedding",
           .cases = {lookup("repeated ids", {5, 3}, {4}, {4, 0, 4, 2}), lookup("a batch", {5, 2}, {2, 3}, {1, 1, 1, 0, 4, 1}),
                     lookup("one row and column", {1, 1}, {2}, {0, 0}), lookup("no ids", {3, 2}, {0}, {}), lookup("one id", {4, 2}, {1, 1}, {3})},
           .bad_calls = {{[] { ops::embedding(Tensor::zeros({3}), Tensor::zeros({1}, DType::int32)); },
                          "embedding: table must be a matrix, got shape (3)"},
                         {[] {
                            ops::embedding(Tensor::zeros({3, 2}), Tensor::from<std::int32_t>({0, 3}, {2}));
                          },
                          "embedding: ids must lie in [0, 3), got 3 at position 1"},
                         {[] {
                            ops::embedding(Tensor::zeros({3, 2}), Tensor::from<std::int32_t>({-1}, {1}));
                          },
                          "embedding: ids must lie in [0, 3), got -1 at position 0"},
                         {[] {
                            ops::embedding(Tensor::zeros({3, 2}), Tensor::zeros({1}));
                          },
                          "tensor: dtype must be int32 to be read as such, got float32"}}},
          {.op = "first_rows",
           .cases = {first("several sequences", {3, 1, 2}, 4), first("one token", {1}, 1), first("no sequences", {}, 3),
                     first("one sequence", {4}, 2), first("tokens alone", {1, 1, 1}, 5)},
           .bad_calls = {{[] {
                            ops::first_rows(Tensor::zeros({3, 2}), SequenceLayout::ragged(std::vector<std::int32_t>{2}));
                          },
                          "first_rows: the layout must cover the rows of the input (3, 2), got 2"},
                         {[] {
                            ops::first_rows(Tensor::zeros({2, 2}), SequenceLayout::ragged(std::vector<std::int32_t>{2, 0}));
                          },
                          "first_rows: every sequence must have a token, got an empty one at 1"}}},
          {.op = "reshape",
           .cases = {same_elements("to a matrix", {2, 3, 2}, {4, 3}), same_elements("to a scalar", {1, 1}, {}),
                     same_elements("nothing", {0, 3}, {3, 0}), left_over("what is left over", {2, 3, 2}, {-1, 4}, {3, 4}),
                     left_over("one", {2, 3}, {3, -1, 2}, {3, 1, 2}), same_elements("from a scalar", {}, {1})},
           .bad_calls = {{[] {
                            ops::reshape(Tensor::zeros({2, 3}), {4});
                          },
                          "reshape: the number of elements must stay 6, got (4) for (2, 3)"},
                         {[] {
                            ops::reshape(Tensor::zeros({2, 3}), {-1, 4});
                          },
                          "reshape: the number of elements must stay 6, got (-1, 4) for (2, 3)"},
                         {[] {
                            ops::reshape(Tensor::zeros({0, 3}), {-1, 0});
                          },
                          "reshape: the number of elements must stay 0, got (-1, 0) for (0, 3)"}}},
          {.op = "expand_dims",
           .cases = {view("in front", {2, 3}, {1, 2, 3}, [](const Tensor& x) { return ops::expand_dims(x, 0); }),
                     view("at the end", {2, 3}, {2, 3, 1}, [](const Tensor& x) { return ops::expand_dims(x, -1); }),
                     view("a scalar", {}, {1}, [](const Tensor& x) { return ops::expand_dims(x, 0); }),
                     view("a vector", {3}, {3, 1}, [](const Tensor& x) { return ops::expand_dims(x, 1); }),
                     view("one number", {1}, {1, 1}, [](const Tensor& x) { return ops::expand_dims(x, 0); }),
                     view("nothing", {0, 2}, {0, 1, 2}, [](const Tensor& x) { return ops::expand_dims(x, 1); })},
           .bad_calls = {{[] { ops::expand_dims(Tensor::zeros({2}), 2); }, "expand_dims: the axis must lie in [-2, 2), got 2 (input (2))"}}},
          {.op = "squeeze",
           .cases = {view("the middle", {2, 1, 3}, {2, 3}, [](const Tensor& x) { return ops::squeeze(x, 1); }),
                     view("the only one", {1}, {}, [](const Tensor& x) { return ops::squeeze(x, -1); }),
                     view("the first", {1, 4}, {4}, [](const Tensor& x) { return ops::squeeze(x, 0); }),
                     view("one of two", {1, 1}, {1}, [](const Tensor& x) { return ops::squeeze(x, 0); }),
                     view("nothing", {0, 1}, {0}, [](const Tensor& x) { return ops::squeeze(x, 1); })},
           .bad_calls = {{[] {
                            ops::squeeze(Tensor::zeros({2, 3}), 1);
                          },
                          "squeeze: the axis must have an extent of 1, got axis 1 of (2, 3)"},
                         {[] { ops::squeeze(Tensor::zeros({}), 0); }, "squeeze: the axis must lie in [0, 0), got 0 (input ())"}}},
          {.op = "slice_rows",
           .cases = {rows("the middle", {5, 2}, 1, 4), rows("all", {2, 3}, 0, 2), rows("none", {4, 2}, 2, 2), rows("of a vector", {4}, 3, 4),
                     rows("rank 3", {3, 1, 2}, 0, 2), rows("without columns", {3, 0}, 1, 2)},
           .bad_calls = {{[] {
                            ops::slice_rows(Tensor::zeros({3, 2}), 2, 4);
                          },
                          "slice_rows: rows must lie within shape (3, 2), got [2, 4)"},
                         {[] { ops::slice_rows(Tensor::zeros({}), 0, 1); }, "slice_rows: rows must lie within shape (), got [0, 1)"}}}};
}

}  // namespace linnet::testing
