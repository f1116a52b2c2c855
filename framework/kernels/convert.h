#pragma once

#include <cstdint>

namespace linnet::kernels {

/// Between the 16-bit floats, as bits, and T: (rows, columns) with leading dimensions in elements. The same bits in every variant: those
/// of core/half.h.
template <class T>
struct ConvertKernels {
  /// Exact.
  void (*from_bfloat16)(const std::uint16_t* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, T* to, std::int64_t ld_to);
  void (*from_float16)(const std::uint16_t* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, T* to, std::int64_t ld_to);
  /// Rounded to the nearest, ties to even.
  void (*to_bfloat16)(const T* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, std::uint16_t* to, std::int64_t ld_to);
  void (*to_float16)(const T* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, std::uint16_t* to, std::int64_t ld_to);
};

}  // namespace linnet::kernels
