#pragma once

#include <cstdint>

namespace linnet::kernels {

/// Between the 16-bit floats, as bits, and T; n elements. The same bits in every variant: those of core/half.h.
template <class T>
struct ConvertKernels {
  /// Exact.
  void (*from_bfloat16)(const std::uint16_t* from, std::int64_t n, T* to);
  void (*from_float16)(const std::uint16_t* from, std::int64_t n, T* to);
  /// Rounded to the nearest, ties to even.
  void (*to_bfloat16)(const T* from, std::int64_t n, std::uint16_t* to);
  void (*to_float16)(const T* from, std::int64_t n, std::uint16_t* to);
  /// x becomes what it would be after a way through the 16 bits.
  void (*round_to_bfloat16)(std::int64_t n, T* x);
  void (*round_to_float16)(std::int64_t n, T* x);
};

}  // namespace linnet::kernels
