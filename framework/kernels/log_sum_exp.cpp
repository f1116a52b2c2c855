#include "framework/kernels/log_sum_exp.h"

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

template <class T>
void forward(const T* x, std::int64_t rows, std::int64_t columns, T* lse) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * columns;
    T largest = xr[0];
#pragma omp simd reduction(max : largest)
    for (std::int64_t c = 0; c < columns; ++c) largest = xr[c] > largest ? xr[c] : largest;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < columns; ++c) sum += exp_of(xr[c] - largest);
    lse[r] = largest + log_of(sum);
  }
}

template <class T>
void backward(const T* x, const T* lse, const T* dlse, std::int64_t rows, std::int64_t columns, T* dx) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * columns;
    T* dxr = dx + r * columns;
    const T shift = lse[r], scale = dlse[r];
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) dxr[c] = scale * exp_of(xr[c] - shift);
  }
}

}  // namespace

template <class T>
LogSumExpKernels<T> log_sum_exp_kernels() {
  return {.forward = forward<T>, .backward = backward<T>};
}
template LogSumExpKernels<float> log_sum_exp_kernels<float>();
template LogSumExpKernels<double> log_sum_exp_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
