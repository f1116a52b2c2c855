#include "framework/kernels/reduce.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

template <class T>
void add(const T* x, std::int64_t n, T* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += x[i];
}

template <class T>
void sum(const T* a, const T* b, std::int64_t n, T* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

template <class T>
void column_sum(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t columns, T* y) {
  for (std::int64_t c = 0; c < columns; ++c) y[c] = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * ldx;
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) y[c] += xr[c];
  }
}

template <class T>
double sum_of_squares(const T* x, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kLanes = 16;
  double total = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * columns;
    T lanes[kLanes] = {};
    std::int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) {
#pragma omp simd
      for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += xr[c + lane] * xr[c + lane];
    }
    for (; c < columns; ++c) lanes[c % kLanes] += xr[c] * xr[c];
    for (std::int64_t width = kLanes / 2; width > 0; width /= 2)
      for (std::int64_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
    total += static_cast<double>(lanes[0]);
  }
  return total;
}

}  // namespace

template <class T>
ReduceKernels<T> reduce_kernels() {
  return {.add = add<T>, .sum = sum<T>, .column_sum = column_sum<T>, .sum_of_squares = sum_of_squares<T>};
}
template ReduceKernels<float> reduce_kernels<float>();
template ReduceKernels<double> reduce_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
