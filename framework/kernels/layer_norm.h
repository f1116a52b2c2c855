#pragma once

#include <cstdint>

namespace linnet::kernels {

template <class T>
struct LayerNormKernels {
  /// y = (x - mean) * rstd * gamma + beta over each row, rstd = 1 / sqrt(variance + epsilon), the variance biased.
  /// x, y: (rows, columns); gamma, beta: (columns), null for ones and zeros; mean, rstd: (rows), null when not wanted.
  void (*forward)(const T* x, const T* gamma, const T* beta, T epsilon, std::int64_t rows, std::int64_t columns, T* y, T* mean, T* rstd);
  /// With xhat = (x - mean) rstd and g = dy gamma: dx = rstd (g - mean(g) - xhat mean(g xhat)) over each row;
  /// dgamma += sum over rows of dy xhat, dbeta += sum over rows of dy. x, dy, dx: (rows, columns); dgamma, dbeta: (columns).
  void (*backward)(const T* x, const T* gamma, const T* mean, const T* rstd, const T* dy, std::int64_t rows, std::int64_t columns, T* dx, T* dgamma,
                   T* dbeta);
};

}  // namespace linnet::kernels
