#include <map>

#include "framework/ops/einsum.h"
#include "framework/ops/transpose.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

OpCase permute(const std::string& name, const Shape& shape, const std::vector<int>& order) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::transpose(x[0], order)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Shape permuted;
    for (const int axis : order) permuted.push_back(shape[static_cast<std::size_t>(axis)]);
    Array y = Array::zeros(permuted);
    for_each_index(permuted, [&](const Shape& index) {
      Shape source(index.size());
      for (std::size_t axis = 0; axis < index.size(); ++axis) source[static_cast<std::size_t>(order[axis])] = index[axis];
      y.at(index) = x[0].at(source);
    });
    return {y};
  };
  return result;
}

OpFamily transpose_family() {
  return {.op = "transpose",
          .cases = {permute("a matrix", {3, 4}, {1, 0}), permute("heads and rows", {2, 3, 2, 4}, {0, 2, 1, 3}),
                    permute("all axes", {2, 3, 4}, {2, 0, 1}), permute("in place", {2, 3}, {0, 1}), permute("a vector", {3}, {0}),
                    permute("a scalar", {}, {}), permute("no elements", {2, 0, 3}, {2, 1, 0}), permute("many rows", {70, 60, 3}, {1, 2, 0})},
          .bad_calls = {{[] {
                           ops::transpose(Tensor::zeros({2, 3}), {1, 1});
                         },
                         "transpose: permutation must name each axis of (2, 3) once, got (1, 1)"},
                        {[] {
                           ops::transpose(Tensor::zeros({2, 3}), {0});
                         },
                         "transpose: permutation must name each axis of (2, 3) once, got (0)"},
                        {[] {
                           ops::swap_axes(Tensor::zeros({2, 3}), 0, 2);
                         },
                         "swap_axes: the axis must lie in [-2, 2), got 2 (input (2, 3))"}}};
}

/// The definition: for every assignment of the letters, result += a b.
OpCase contract(const std::string& equation, const Shape& a, const Shape& b, const Shape& result_shape) {
  OpCase result;
  result.name = cat(equation, " of ", a, " and ", b);
  result.inputs = {normal(a), normal(b)};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::einsum(equation, x[0], x[1])}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    const ops::EinsumEquation parts = ops::parse_einsum(equation, "einsum");
    std::map<char, std::int64_t> extents;
    for (std::size_t i = 0; i < a.size(); ++i) extents[parts.a[i]] = a[i];
    for (std::size_t i = 0; i < b.size(); ++i) extents[parts.b[i]] = b[i];
    Shape all;
    for (const auto& [label, extent] : extents) all.push_back(extent);
    Array y = Array::zeros(result_shape);
    for_each_index(all, [&](const Shape& index) {
      std::map<char, std::int64_t> value;
      std::size_t i = 0;
      for (const auto& [label, extent] : extents) value[label] = index[i++];
      const auto place = [&](const std::string& labels) {
        Shape where;
        for (const char label : labels) where.push_back(value.at(label));
        return where;
      };
      y.at(place(parts.result)) += x[0].at(place(parts.a)) * x[1].at(place(parts.b));
    });
    return {y};
  };
  result.terms = std::max({element_count(a), element_count(b), element_count(result_shape)});
  return result;
}

OpFamily einsum_family() {
  return {.op = "einsum",
          .cases = {contract("ab,bc->ac", {3, 4}, {4, 5}, {3, 5}), contract("ab,cb->ca", {3, 4}, {5, 4}, {5, 3}),
                    contract("abc,cde->abde", {2, 3, 4}, {4, 2, 3}, {2, 3, 2, 3}), contract("abcd,cde->abe", {2, 3, 2, 3}, {2, 3, 4}, {2, 3, 4}),
                    contract("abc,acd->abd", {2, 3, 4}, {2, 4, 5}, {2, 3, 5}), contract("abc,dbc->abd", {2, 3, 4}, {5, 3, 4}, {2, 3, 5}),
                    contract("a,b->ba", {2}, {3}, {3, 2}), contract("ab,ab->ab", {2, 3}, {2, 3}, {2, 3}), contract("ab,ab->", {2, 3}, {2, 3}, {}),
                    contract("ab,bc->ac", {0, 4}, {4, 2}, {0, 2}), contract("abc,cd->abd", {2, 1, 3}, {3, 1}, {2, 1, 1})},
          .bad_calls = {{[] {
                           ops::einsum("ab,bc", Tensor::zeros({2, 3}), Tensor::zeros({3, 4}));
                         },
                         "einsum: equation must have the form ab,bc->ac, got 'ab,bc'"},
                        {[] {
                           ops::einsum("ab,b1->a1", Tensor::zeros({2, 3}), Tensor::zeros({3, 4}));
                         },
                         "einsum: equation must name axes by letters, got '1' in 'ab,b1->a1'"},
                        {[] {
                           ops::einsum("aa,ab->ab", Tensor::zeros({2, 2}), Tensor::zeros({2, 2}));
                         },
                         "einsum: equation must not name an axis twice, got 'a' in 'aa'"},
                        {[] {
                           ops::einsum("ab,c->c", Tensor::zeros({2, 2}), Tensor::zeros({2}));
                         },
                         "einsum: each axis of equation must stand in two places at least, got 'a' in 'ab,c->c'"},
                        {[] {
                           ops::einsum("ab,bc->ac", Tensor::zeros({2, 3}), Tensor::zeros({4, 5}));
                         },
                         "einsum: the extents of 'b' must agree, got 3 and 4 (a (2, 3), b (4, 5))"},
                        {[] {
                           ops::einsum("ab,bc->ac", Tensor::zeros({2}), Tensor::zeros({4, 5}));
                         },
                         "einsum: a must have 2 axes 'ab', got (2)"},
                        {[] {
                           ops::einsum("ab,bc->ac", Tensor::zeros({2, 3}), Tensor::zeros({3, 5}, DType::float64));
                         },
                         "einsum: dtypes must agree, got float32 and float64"}}};
}

}  // namespace

std::vector<OpFamily> shape_families() { return {transpose_family(), einsum_family()}; }

}  // namespace linnet::testing
