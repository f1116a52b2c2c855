#pragma once

// Included by kernel files only, inside their variant's namespace: each variant gets inline copies of its own.
// float32 versions are branch-free, so that loops over them vectorise; float64 goes to libm, for accuracy.

#include <cstdint>

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// e^x to 2 ulp: x = n ln2 + r with |r| <= ln2 / 2, Taylor series of degree 7 in r. Infinite where float32 overflows, the least
/// normal number where it underflows.
inline float exp_of(float x) {
  const float clamped = x < -87.33654f ? -87.33654f : x;
  const float shifted = clamped * 1.44269504f + 12582912.0f;  // 1.5 * 2^23 rounds to an integer in the low bits
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;  // Cody and Waite: ln2 in two parts
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // 2^n by adding n, the low bits of `shifted`, to p's exponent: p < 1 where n is 128, and p >= 1 where it is -126.
  const std::uint32_t y = __builtin_bit_cast(std::uint32_t, p) + (__builtin_bit_cast(std::uint32_t, shifted) << 23);
  return x <= 88.72283f ? __builtin_bit_cast(float, y) : x + __builtin_inff();
}
inline double exp_of(double x) { return __builtin_exp(x); }

/// tanh x to 3e-7 relative: an odd polynomial for |x| < 0.625 (Cephes tanhf), else 1 - 2 / (e^2|x| + 1) with the sign of x.
inline float tanh_of(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float small = p * z * x + x;
  const float large = 1.0f - 2.0f / (exp_of(2.0f * magnitude) + 1.0f);
  return magnitude < 0.625f ? small : x < 0 ? -large : large;
}
inline double tanh_of(double x) { return __builtin_tanh(x); }

/// erf x to 1.5e-7 absolute: Abramowitz and Stegun 1964, 7.1.26.
inline float erf_of(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float t = 1.0f / (1.0f + 0.3275911f * magnitude);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float y = 1.0f - p * t * exp_of(-magnitude * magnitude);
  return x < 0 ? -y : y;
}
inline double erf_of(double x) { return __builtin_erf(x); }

inline float sqrt_of(float x) { return __builtin_sqrtf(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }

inline float log_of(float x) { return __builtin_logf(x); }
inline double log_of(double x) { return __builtin_log(x); }

/// log(1 + x) and e^x - 1, right for small x.
inline float log1p_of(float x) { return __builtin_log1pf(x); }
inline double log1p_of(double x) { return __builtin_log1p(x); }
inline float expm1_of(float x) { return __builtin_expm1f(x); }
inline double expm1_of(double x) { return __builtin_expm1(x); }

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
