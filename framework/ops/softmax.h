#pragma once

#include "framework/core/tensor.h"

namespace linnet::ops {

// All work over the last axis: x, result: (..., columns), any float dtype. Each throws std::invalid_argument on a scalar.

/// exp(x - max) / sum(exp(x - max)) over the last axis. x, result: (..., columns), any float dtype. Saves the result.
Tensor softmax(const Tensor& x);

/// As above with the masked elements left out: where mask (int32, shape of x) is 0 the result is exactly 0; a row without
/// any unmasked element is all 0. Saves the result. Throws std::invalid_argument unless the shapes agree.
Tensor masked_softmax(const Tensor& x, const Tensor& mask);

/// log(softmax(x)) = x - max - log(sum(exp(x - max))). Saves the result.
Tensor log_softmax(const Tensor& x);

/// The point of the probability simplex nearest to x: many elements are exactly 0. Saves the result.
/// Source: Martins and Astudillo 2016, arXiv:1602.02068, algorithm 1.
Tensor sparsemax(const Tensor& x);

/// a sigmoid(b) for x = (a, b): the result is half as wide as x, which is saved. Throws unless the width is even.
/// Source: Dauphin et al. 2016, arXiv:1612.08083.
Tensor glu(const Tensor& x);

}  // namespace linnet::ops
