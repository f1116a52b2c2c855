#include "framework/kernels/adam.h"

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

template <class T, bool HasGradient, bool Amsgrad>
void update_elements(const AdamStep<T> s, const T* g, std::int64_t n, T* w, T* m, T* v, T* v_hat) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const T scaled = (HasGradient ? g[i] : T(0)) * s.scale;
    const T gi = scaled < -s.clip ? -s.clip : scaled > s.clip ? s.clip : scaled;  // NaN stays NaN
    const T decayed = s.weight_decay != 0 ? w[i] - w[i] * s.weight_decay * s.learning_rate : w[i];
    const T mi = m[i] + (gi - m[i]) * s.one_minus_beta_1;
    const T vi = v[i] + (gi * gi - v[i]) * s.one_minus_beta_2;
    m[i] = mi;
    v[i] = vi;
    T denominator = vi;
    if constexpr (Amsgrad) {
      denominator = v_hat[i] < vi ? vi : v_hat[i];
      v_hat[i] = denominator;
    }
    w[i] = decayed - mi * s.alpha / (sqrt_of(denominator) + s.epsilon);
  }
}

template <class T>
void update(const AdamStep<T>& step, const T* g, std::int64_t n, T* w, T* m, T* v, T* v_hat) {
  if (g && v_hat) update_elements<T, true, true>(step, g, n, w, m, v, v_hat);
  else if (g) update_elements<T, true, false>(step, g, n, w, m, v, v_hat);
  else if (v_hat) update_elements<T, false, true>(step, g, n, w, m, v, v_hat);
  else update_elements<T, false, false>(step, g, n, w, m, v, v_hat);
}

template <class T>
void decay(const AdamStep<T>& step, std::int64_t n, T* w) {
  const T rate = step.weight_decay, learning_rate = step.learning_rate;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) w[i] = w[i] - w[i] * rate * learning_rate;
}

}  // namespace

template <class T>
AdamKernels<T> adam_kernels() {
  return {.update = update<T>, .decay = decay<T>};
}
template AdamKernels<float> adam_kernels<float>();
template AdamKernels<double> adam_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
