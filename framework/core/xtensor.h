#pragma once

// Opt-in: the only header of the library that brings xtensor in. Views of a tensor's own memory, no copies.

#include <xtensor/xadapt.hpp>

#include "framework/core/tensor.h"

namespace linnet {

/// The elements as a read-only xtensor expression of the tensor's shape. Valid while the tensor lives. Throws unless T is
/// the dtype. Assign results to a container or an adaptor on the same line: an `auto` would hold an unevaluated expression.
template <class T>
auto as_xtensor(const Tensor& tensor) {
  const auto elements = tensor.data<T>();
  return xt::adapt(elements.data(), elements.size(), xt::no_ownership(), std::vector<std::size_t>(tensor.shape().begin(), tensor.shape().end()));
}
/// The same, writable.
template <class T>
auto as_mutable_xtensor(Tensor& tensor) {
  const auto elements = tensor.mutable_data<T>();
  T* data = elements.data();
  return xt::adapt(data, elements.size(), xt::no_ownership(), std::vector<std::size_t>(tensor.shape().begin(), tensor.shape().end()));
}

}  // namespace linnet
