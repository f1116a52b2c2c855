#pragma once

#include <span>

#include "framework/core/tensor.h"

namespace linnet::ops {

/// x with its axes in another order: axis i of the result is axis permutation[i] of x. Any dtype; copies. Saves nothing.
/// Throws std::invalid_argument unless `permutation` names each axis of x once.
Tensor transpose(const Tensor& x, std::span<const int> permutation);
/// The same for a list in braces. Saves nothing.
inline Tensor transpose(const Tensor& x, std::initializer_list<int> permutation) { return transpose(x, {permutation.begin(), permutation.size()}); }
/// x with two axes exchanged; negative ones count from the end. Saves nothing. Throws if there is no such axis.
Tensor swap_axes(const Tensor& x, int a, int b);

}  // namespace linnet::ops
