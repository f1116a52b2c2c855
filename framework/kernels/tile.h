#pragma once

// Included by kernel files only, inside their variant's namespace: see kernels/math.h.
// Small matrix products with the operands in cache: what attention does per head, where calling a BLAS library would cost
// more than the product.

#include "framework/kernels/vectors.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

#if defined(__AVX512F__)
constexpr int kTileRows = 8;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kTileVectors = 2;  // kTileRows * kTileVectors sums, kTileVectors operands and a broadcast fit in the registers

/// Columns of a panel.
template <class T>
constexpr std::int64_t kPanel = kTileVectors* kLanes<T>;

/// Whole vectors, and whole blocks of four for dropout.
template <class T>
constexpr std::int64_t padded(std::int64_t columns) {
  constexpr std::int64_t multiple = kLanes<T> < 4 ? 4 : kLanes<T>;
  return (columns + multiple - 1) / multiple * multiple;
}
/// Elements of a matrix packed in panels.
template <class T>
constexpr std::int64_t panels_size(std::int64_t rows, std::int64_t columns) {
  return (columns + kPanel<T> - 1) / kPanel<T> * kPanel<T> * rows;
}

/// A matrix, or its transpose, in place.
template <class T>
struct Strided {
  const T* data;
  std::int64_t row, column;  ///< element (i, j) is data[i * row + j * column]
};

/// C = A B, or += when `add`. C: kRows rows of kVectors vectors; B: (depth, kVectors vectors) with leading dimension kPanel.
template <class T, int kRows, int kVectors>
void tile(std::int64_t depth, const Strided<T>& a, const T* b, T* c, std::int64_t ldc, bool add) {
  using V = typename Vector<T>::type;
  V sum[kRows][kVectors] = {};
  if (add) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = load(c + r * ldc + v * kLanes<T>);
  }
  const T* ap = a.data;
  for (std::int64_t p = 0; p < depth; ++p, ap += a.column, b += kPanel<T>) {
    V bv[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) bv[v] = load(b + v * kLanes<T>);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] += ap[r * a.row] * bv[v];
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(sum[r][v], c + r * ldc + v * kLanes<T>);
}

template <class T, int kVectors>
void tile_of(std::int64_t rows, std::int64_t depth, const Strided<T>& a, const T* b, T* c, std::int64_t ldc, bool add) {
  switch (rows) {
    case 1: return tile<T, 1, kVectors>(depth, a, b, c, ldc, add);
    case 2: return tile<T, 2, kVectors>(depth, a, b, c, ldc, add);
    case 3: return tile<T, 3, kVectors>(depth, a, b, c, ldc, add);
    case 4: return tile<T, 4, kVectors>(depth, a, b, c, ldc, add);
    case 5: return tile<T, 5, kVectors>(depth, a, b, c, ldc, add);
    case 6: return tile<T, 6, kVectors>(depth, a, b, c, ldc, add);
#if defined(__AVX512F__)
    case 7: return tile<T, 7, kVectors>(depth, a, b, c, ldc, add);
    case 8: return tile<T, 8, kVectors>(depth, a, b, c, ldc, add);
#endif
    default: __builtin_unreachable();
  }
}

/// C (rows, columns) = A (rows, depth) B (depth, columns), or += when `add`. B is packed in panels.
template <class T>
void multiply(std::int64_t rows, std::int64_t columns, std::int64_t depth, const Strided<T>& a, const T* b, T* c, std::int64_t ldc, bool add) {
  T whole[kTileRows * kPanel<T>];  // a tile whose last vector reaches beyond the columns of C
  // Tiles of nearly equal height: 13 rows are 7 and 6, not 8, 4 and 1.
  const std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  for (std::int64_t column = 0; column < columns; column += kPanel<T>, b += kPanel<T> * depth) {
    const std::int64_t width = columns - column < kPanel<T> ? columns - column : kPanel<T>;
    const bool fits = width % kLanes<T> == 0;
    for (std::int64_t i = 0, row = 0; i < tiles; ++i) {
      const std::int64_t height = (rows - row + tiles - i - 1) / (tiles - i);
      const Strided<T> part{a.data + row * a.row, a.row, a.column};
      T* to = c + row * ldc + column;
      if (width > kLanes<T>) tile_of<T, 2>(height, depth, part, b, fits ? to : whole, fits ? ldc : kPanel<T>, fits && add);
      else tile_of<T, 1>(height, depth, part, b, fits ? to : whole, fits ? ldc : kPanel<T>, fits && add);
      for (std::int64_t r = 0; !fits && r < height; ++r)
        for (std::int64_t l = 0; l < width; ++l) to[r * ldc + l] = whole[r * kPanel<T> + l] + (add ? to[r * ldc + l] : T(0));
      row += height;
    }
  }
}

/// factor * from (rows, columns) in panels, padded with zeros.
template <class T>
void pack(const T* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, T factor, T* to) {
  for (std::int64_t column = 0; column < columns; column += kPanel<T>) {
    const std::int64_t width = columns - column < kPanel<T> ? columns - column : kPanel<T>;
    for (std::int64_t r = 0; r < rows; ++r, to += kPanel<T>) {
      const T* row = from + r * ld + column;
      if (width == kPanel<T>) {
#pragma omp simd
        for (std::int64_t c = 0; c < kPanel<T>; ++c) to[c] = factor * row[c];
      } else {
        for (std::int64_t c = 0; c < kPanel<T>; ++c) to[c] = c < width ? factor * row[c] : T(0);
      }
    }
  }
}

typedef float Quad __attribute__((vector_size(16)));

/// to (4, 4) = factor * fromᵀ, leading dimensions in elements.
inline void transpose_block(const float* from, std::int64_t ld, float factor, float* to, std::int64_t ld_to) {
  Quad r[4];
  for (int i = 0; i < 4; ++i) __builtin_memcpy(&r[i], from + i * ld, sizeof(Quad));
  const Quad a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const Quad c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  store(factor * __builtin_shufflevector(a, b, 0, 1, 4, 5), to);
  store(factor * __builtin_shufflevector(a, b, 2, 3, 6, 7), to + ld_to);
  store(factor * __builtin_shufflevector(c, d, 0, 1, 4, 5), to + 2 * ld_to);
  store(factor * __builtin_shufflevector(c, d, 2, 3, 6, 7), to + 3 * ld_to);
}
inline void transpose_block(const double* from, std::int64_t ld, double factor, double* to, std::int64_t ld_to) {
  for (std::int64_t c = 0; c < 4; ++c)
    for (std::int64_t r = 0; r < 4; ++r) to[c * ld_to + r] = factor * from[r * ld + c];
}

/// factor * fromᵀ in panels, padded with zeros; from: (rows, columns).
template <class T>
void pack_transposed(const T* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, T factor, T* to) {
  const std::int64_t blocks = columns / 4 * 4;
  for (std::int64_t row = 0; row < rows; row += kPanel<T>, to += kPanel<T> * columns) {
    const std::int64_t height = rows - row < kPanel<T> ? rows - row : kPanel<T>, whole = height / 4 * 4;
    for (std::int64_t r = 0; r < whole; r += 4)
      for (std::int64_t c = 0; c < blocks; c += 4) transpose_block(from + (row + r) * ld + c, ld, factor, to + c * kPanel<T> + r, kPanel<T>);
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t r = c < blocks ? whole : 0; r < kPanel<T>; ++r) to[c * kPanel<T> + r] = r < height ? factor * from[(row + r) * ld + c] : T(0);
  }
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
