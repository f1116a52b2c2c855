#pragma once

#include <cstdint>

#include "framework/core/dtype.h"

namespace linnet {

// The 16-bit float formats as bits. bfloat16: sign, 8 exponent, 7 fraction bits; float16 (IEEE 754 binary16): sign, 5, 10.
// Rounding is to the nearest, ties to even; NaN stays NaN (a quiet one), what is too large becomes infinity. The bits are those
// of the instructions that convert float16, so that vectorised loops may use either. Always inlined: kernel files are compiled
// for several instruction sets, and the linker would keep one copy of a function for all.
#define LINNET_INLINE [[gnu::always_inline]] inline

/// Exact.
LINNET_INLINE float float_from_bfloat16(std::uint16_t bits) { return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16); }

/// Rounded.
LINNET_INLINE std::uint16_t bfloat16_from_float(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const std::uint32_t nan = (bits >> 16) | 0x40u;  // quiet: the kept bits could all be zero
  return static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}

/// Exact.
LINNET_INLINE float float_from_float16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  const std::uint32_t special = 0x7f800000u | (fraction << 13) | (fraction != 0 ? 0x400000u : 0u);
  const std::uint32_t normal = ((exponent + 112u) << 23) | (fraction << 13);
  const auto subnormal = __builtin_bit_cast(std::uint32_t, static_cast<float>(static_cast<std::int32_t>(fraction)) * 0x1p-24f);  // exact
  return __builtin_bit_cast(float, sign | (exponent == 0x1fu ? special : exponent != 0 ? normal : subnormal));
}

/// Rounded.
LINNET_INLINE std::uint16_t float16_from_float(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  const std::uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  // Below 2^-14: adding 0.5 leaves a sum whose last bit is worth 2^-24.
  const std::uint32_t small = __builtin_bit_cast(std::uint32_t, __builtin_bit_cast(float, magnitude) + 0.5f) - 0x3f000000u;
  const std::uint32_t normal = ((magnitude + 0xfffu + ((magnitude >> 13) & 1u)) >> 13) - (112u << 10);
  const std::uint32_t half = magnitude > 0x7f800000u    ? nan
                             : magnitude >= 0x477ff000u ? 0x7c00u  // 65520 and above round to infinity
                             : magnitude < 0x38800000u  ? small
                                                        : normal;
  return static_cast<std::uint16_t>(sign | half);
}

/// `value` as a float32 that rounds to any 16-bit float as `value` itself would: rounded to odd.
/// Source: Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums", theorem 1.
LINNET_INLINE float rounded_to_odd(double value) {
  const float nearest = static_cast<float>(value);
  if (value != value || static_cast<double>(nearest) == value) return nearest;
  auto bits = __builtin_bit_cast(std::uint32_t, nearest);
  if (__builtin_fabs(static_cast<double>(nearest)) > __builtin_fabs(value)) --bits;  // towards zero
  return __builtin_bit_cast(float, bits | 1u);
}

#undef LINNET_INLINE

/// An element of a bfloat16 tensor: storage that converts, no arithmetic of its own.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(double value) : bits(bfloat16_from_float(rounded_to_odd(value))) {}
  operator float() const { return float_from_bfloat16(bits); }
};

/// An element of a float16 tensor.
struct Float16 {
  std::uint16_t bits = 0;

  Float16() = default;
  explicit Float16(double value) : bits(float16_from_float(rounded_to_odd(value))) {}
  operator float() const { return float_from_float16(bits); }
};

template <>
inline constexpr bool is_element_type<BFloat16> = true;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::bfloat16;
template <>
inline constexpr bool is_element_type<Float16> = true;
template <>
inline constexpr DType dtype_of<Float16> = DType::float16;

/// n elements of dtype `half`, bfloat16 or float16, as float32. On the thread pool, with this CPU's instructions: the one
/// declaration of this folder that framework/kernels defines.
void widen(DType half, const void* from, std::int64_t n, float* to);
/// The inverse, rounded.
void narrow(DType half, const float* from, std::int64_t n, void* to);

}  // namespace linnet
