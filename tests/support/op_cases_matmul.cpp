#include "framework/ops/matmul.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using kernels::Transpose;

OpCase product(const std::string& name, std::int64_t m, std::int64_t k, std::int64_t n, Transpose transpose_a, Transpose transpose_b) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  OpCase result;
  result.name = name;
  result.inputs = {normal(ta ? Shape{k, m} : Shape{m, k}), normal(tb ? Shape{n, k} : Shape{k, n})};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::matmul(x[0], x[1], transpose_a, transpose_b)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array c = Array::zeros({m, n});
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t l = 0; l < k; ++l) c(i, j) += (ta ? x[0](l, i) : x[0](i, l)) * (tb ? x[1](j, l) : x[1](l, j));
    return {c};
  };
  result.terms = std::max({m, k, n});
  return result;
}

/// Batches of products: `a` and `b` have their axes as they are given, before any transposition.
OpCase batches(const Shape& a, const Shape& b, Transpose transpose_a, Transpose transpose_b) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  OpCase result;
  result.name = cat(a, ta ? "ᵀ " : " ", b, tb ? "ᵀ" : "");
  result.inputs = {normal(a), normal(b)};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::matmul(x[0], x[1], transpose_a, transpose_b)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    const std::int64_t k = *(a.end() - (ta ? 2 : 1));
    Shape shape(std::max(a.size(), b.size()));
    for (std::size_t i = 3; i <= shape.size(); ++i) {
      const std::int64_t left = i <= a.size() ? a[a.size() - i] : 1;
      shape[shape.size() - i] = left == 1 && i <= b.size() ? b[b.size() - i] : left;
    }
    *(shape.end() - 2) = *(a.end() - (ta ? 1 : 2));
    shape.back() = *(b.end() - (tb ? 2 : 1));
    // The element of an operand: the last of the batch's indices, 0 where it stretches, and (row, column).
    const auto element = [](const Array& from, const Shape& index, std::int64_t row, std::int64_t column) {
      Shape place(index.end() - static_cast<std::ptrdiff_t>(from.shape.size()), index.end());
      for (std::size_t i = 0; i + 2 < place.size(); ++i) place[i] = from.shape[i] == 1 ? 0 : place[i];
      *(place.end() - 2) = row;
      place.back() = column;
      return from.at(place);
    };
    Array c = Array::zeros(shape);
    for_each_index(shape, [&](const Shape& index) {
      const std::int64_t i = *(index.end() - 2), j = index.back();
      for (std::int64_t l = 0; l < k; ++l)
        c.at(index) +=
            (ta ? element(x[0], index, l, i) : element(x[0], index, i, l)) * (tb ? element(x[1], index, j, l) : element(x[1], index, l, j));
    });
    return {c};
  };
  result.terms = element_count(a) + element_count(b);
  return result;
}

}  // namespace

OpFamily matmul_family() {
  constexpr Transpose no = Transpose::no, yes = Transpose::yes;
  return {.op = "matmul",
          .cases = {product("plain", 3, 4, 5, no, no),
                    product("a transposed", 3, 4, 5, yes, no),
                    product("b transposed", 3, 4, 5, no, yes),
                    product("both transposed", 3, 4, 5, yes, yes),
                    product("one row, one column", 1, 3, 1, no, no),
                    product("inner extent one", 2, 1, 3, no, no),
                    product("no rows", 0, 3, 2, no, no),
                    product("no terms", 2, 0, 3, no, no),
                    product("large enough to be cut into tiles", 70, 100, 300, no, yes),
                    batches({2, 3, 4}, {2, 4, 5}, no, no),
                    batches({2, 4, 3}, {2, 5, 4}, yes, yes),
                    batches({2, 3, 4}, {4, 5}, no, no),
                    batches({2, 3, 4}, {5, 4}, no, yes),
                    batches({2, 4, 3}, {4, 5}, yes, no),
                    batches({3, 4}, {2, 4, 5}, no, no),
                    batches({2, 1, 3, 4}, {3, 5, 4}, no, yes),
                    batches({1, 2, 2}, {3, 2, 1}, yes, no),
                    batches({0, 2, 3}, {3, 2}, no, no),
                    batches({2, 3, 0}, {0, 2}, no, no),
                    batches({2, 1, 1}, {2, 1, 1}, no, no),
                    batches({40, 20, 30}, {40, 30, 10}, no, no)},
          .bad_calls = {{[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({4, 5}));
                         },
                         "matmul: inner extents must agree, got 3 and 4 (a (2, 3), b (4, 5))"},
                        {[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({3}));
                         },
                         "matmul: b must have two axes or more, got shape (3)"},
                        {[] {
                           ops::matmul(Tensor::zeros({2, 2, 3}), Tensor::zeros({3, 3, 2}));
                         },
                         "matmul: shapes must broadcast, got (2) and (3)"},
                        {[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({3, 1}, DType::float64));
                         },
                         "matmul: dtypes must agree, got float32 and float64"}}};
}

}  // namespace linnet::testing
