#pragma once

#include <cstdint>

namespace linnet::kernels {

/// Products of int8 matrices with float results in T. Sums are exact in int32 and scaled by plain multiplications, so every
/// variant gives the same bits, whatever the tiles. a: (rows, depth), quantized a row at a time; b: (depth, columns), packed.
/// Throws nothing; depth must be at most kInt8Depth.
template <class T>
struct Int8Kernels {
  const char* name;    ///< "portable", "avx2", "avx512", "avx512_vnni" or "amx"
  std::int64_t panel;  ///< columns that lie together in a packed b; the last ones are filled up with zeros
  std::int64_t rows;   ///< rows that are computed at once: pieces should be a multiple

  /// Bytes of a quantized row, and of a panel of a packed b. Multiples of 64.
  std::int64_t (*row_bytes)(std::int64_t depth);
  std::int64_t (*panel_bytes)(std::int64_t depth);
  /// packed: ceil(columns / panel) panels. Element (k, c) of b is b[k * row + c * column].
  void (*pack)(const std::int8_t* b, std::int64_t row, std::int64_t column, std::int64_t depth, std::int64_t columns, void* packed);
  /// Each row of x (rows, depth) becomes round(x scale) with scale = 127 / (max |x| + 1e-7), in q as multiply wants it;
  /// factors (rows) = 1 / scale. Rounds half to even. A row with a NaN or an infinity has the factor NaN.
  /// Source: keras.quantizers.abs_max_quantize.
  void (*quantize)(const T* x, std::int64_t rows, std::int64_t depth, void* q, T* factors);
  /// y (rows, columns) with leading dimension ldy = (q b) * (row_factors * column_factors).
  void (*multiply)(const void* q, const void* packed, std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* row_factors,
                   const T* column_factors, T* y, std::int64_t ldy);
};

/// The longest sum of products of int8 that int32 surely holds.
constexpr std::int64_t kInt8Depth = (std::int64_t{1} << 31) / (128 * 128) - 1;

}  // namespace linnet::kernels
