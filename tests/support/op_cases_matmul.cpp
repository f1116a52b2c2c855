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

}  // namespace

OpFamily matmul_family() {
  constexpr Transpose no = Transpose::no, yes = Transpose::yes;
  return {.op = "matmul",
          .cases = {product("plain", 3, 4, 5, no, no), product("a transposed", 3, 4, 5, yes, no), product("b transposed", 3, 4, 5, no, yes),
                    product("both transposed", 3, 4, 5, yes, yes), product("one row, one column", 1, 3, 1, no, no),
                    product("inner extent one", 2, 1, 3, no, no), product("no rows", 0, 3, 2, no, no), product("no terms", 2, 0, 3, no, no),
                    product("large enough to be cut into tiles", 70, 100, 300, no, yes)},
          .bad_calls = {{[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({4, 5}));
                         },
                         "matmul: inner extents must agree, got 3 and 4 (a (2, 3), b (4, 5))"},
                        {[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({3}));
                         },
                         "matmul: b must be a matrix, got shape (3)"},
                        {[] {
                           ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({3, 1}, DType::float64));
                         },
                         "matmul: dtypes must agree, got float32 and float64"}}};
}

}  // namespace linnet::testing
