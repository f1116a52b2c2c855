#include "framework/kernels/layer_norm.h"

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

template <class T>
void forward(const T* x, const T* gamma, const T* beta, T epsilon, std::int64_t rows, std::int64_t columns, T* y, T* mean, T* rstd) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * columns;
    T* yr = y + r * columns;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < columns; ++c) sum += xr[c];
    const T m = sum / static_cast<T>(columns);
    // Two passes: the variance of a row far from zero would cancel in E[x²] - E[x]².
    T squares = 0;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t c = 0; c < columns; ++c) squares += (xr[c] - m) * (xr[c] - m);
    const T scale = T(1) / sqrt_of(squares / static_cast<T>(columns) + epsilon);
    if (gamma && beta) {
#pragma omp simd
      for (std::int64_t c = 0; c < columns; ++c) yr[c] = (xr[c] - m) * scale * gamma[c] + beta[c];
    } else {
      for (std::int64_t c = 0; c < columns; ++c) yr[c] = (xr[c] - m) * scale * (gamma ? gamma[c] : T(1)) + (beta ? beta[c] : T(0));
    }
    if (mean) mean[r] = m;
    if (rstd) rstd[r] = scale;
  }
}

template <class T>
void backward(const T* x, const T* gamma, const T* mean, const T* rstd, const T* dy, std::int64_t rows, std::int64_t columns, T* dx, T* dgamma,
              T* dbeta) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * columns;
    const T* dyr = dy + r * columns;
    T* dxr = dx + r * columns;
    const T m = mean[r], scale = rstd[r];
    T sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
    for (std::int64_t c = 0; c < columns; ++c) {
      const T g = gamma ? dyr[c] * gamma[c] : dyr[c];
      sum_g += g;
      sum_gx += g * ((xr[c] - m) * scale);
    }
    sum_g /= static_cast<T>(columns);
    sum_gx /= static_cast<T>(columns);
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) {
      const T xhat = (xr[c] - m) * scale;
      const T g = gamma ? dyr[c] * gamma[c] : dyr[c];
      dgamma[c] += dyr[c] * xhat;
      dbeta[c] += dyr[c];
      dxr[c] = scale * (g - sum_g - xhat * sum_gx);
    }
  }
}

}  // namespace

template <class T>
LayerNormKernels<T> layer_norm_kernels() {
  return {.forward = forward<T>, .backward = backward<T>};
}
template LayerNormKernels<float> layer_norm_kernels<float>();
template LayerNormKernels<double> layer_norm_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
