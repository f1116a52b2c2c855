#pragma once

#include <cstdint>

namespace linnet::kernels {

template <class T>
struct ReduceKernels {
  /// y += x. n elements.
  void (*add)(const T* x, std::int64_t n, T* y);
  /// y = a + b. n elements; y may be a or b.
  void (*sum)(const T* a, const T* b, std::int64_t n, T* y);
  /// y = sum over rows of x. x: (rows, columns) with leading dimension ldx in elements; y: (columns).
  void (*column_sum)(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t columns, T* y);
  /// Sum of x² over a (rows, columns) block: each row in T, in 16 lanes whatever the variant, then the rows in double, in order.
  /// So rows of zeros change no bit.
  double (*sum_of_squares)(const T* x, std::int64_t rows, std::int64_t columns);
};

}  // namespace linnet::kernels
