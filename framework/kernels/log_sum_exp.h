#pragma once

#include <cstdint>

namespace linnet::kernels {

template <class T>
struct LogSumExpKernels {
  /// lse = log(sum over columns of e^x), stable: the largest element is taken out. x: (rows, columns); lse: (rows).
  void (*forward)(const T* x, std::int64_t rows, std::int64_t columns, T* lse);
  /// dx = dlse * e^(x - lse): the gradient, a softmax scaled by row. x, dx: (rows, columns); lse, dlse: (rows).
  void (*backward)(const T* x, const T* lse, const T* dlse, std::int64_t rows, std::int64_t columns, T* dx);
};

}  // namespace linnet::kernels
