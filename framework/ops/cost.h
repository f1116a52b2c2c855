#pragma once

#include <cstdint>
#include <initializer_list>

#include "framework/core/profile.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

// What families of ops cost, for a ProfileScope. Matrix products and fused ops have formulas of their own, beside them.

/// Bytes of the elements; an undefined tensor has none.
inline double bytes_of(const Tensor& x) { return x.defined() ? static_cast<double>(x.size() * size_of(x.dtype())) : 0; }
template <class... Tensors>
double bytes_of(const Tensor& first, const Tensors&... rest) {
  return bytes_of(first) + bytes_of(rest...);
}

/// `moved` elements of x are copied; backward writes all of dx.
inline OpCost copy_cost(const Tensor& x, std::int64_t moved) {
  const double bytes = static_cast<double>(moved * size_of(x.dtype()));
  return {{0, 2 * bytes}, {0, bytes + bytes_of(x)}};
}

/// One function of the operands' elements for each of the `results`; backward reads them again and has a derivative for each operand.
inline OpCost map_cost(std::initializer_list<Tensor> operands, std::int64_t results) {
  const auto count = static_cast<double>(results);
  double bytes = 0, result = 0;
  for (const Tensor& operand : operands) {
    bytes += bytes_of(operand);
    result = count * static_cast<double>(size_of(operand.dtype()));
  }
  return {{count, bytes + result}, {count * static_cast<double>(operands.size()), 2 * bytes + result}};
}

/// Each element of x goes into one of the `results`; backward reads x again.
inline OpCost reduce_cost(const Tensor& x, std::int64_t results) {
  const auto elements = static_cast<double>(x.size());
  const double bytes = bytes_of(x), result = static_cast<double>(results * size_of(x.dtype()));
  return {{elements, bytes + result}, {elements, 2 * bytes + result}};
}

}  // namespace linnet::ops
