#pragma once

#include <algorithm>
#include <cmath>

#include "framework/linnet.h"

/// x / (1 + |x|), elementwise: a user's op with its own backward. x, result: any shape, float64.
inline linnet::Tensor softsign(const linnet::Tensor& x) {
  linnet::Tensor y = linnet::Tensor::like(x);
  std::ranges::transform(x.data<double>(), y.mutable_data<double>().begin(), [](double v) { return v / (1 + std::abs(v)); });
  return linnet::record("softsign", {x}, y, [x](std::span<const linnet::Tensor> dy) -> linnet::Gradients {
    linnet::Tensor dx = linnet::Tensor::like(x);  // d y / d x = 1 / (1 + |x|)²
    std::ranges::transform(x.data<double>(), dy[0].data<double>(), dx.mutable_data<double>().begin(),
                           [](double v, double g) { return g / ((1 + std::abs(v)) * (1 + std::abs(v))); });
    return {dx};
  });
}
