#pragma once

// Included by the products only, kernels/product.cpp and bfloat16_product.cpp. Operands of a product, copied into the order in which its tiles read
// them.

#include "framework/kernels/product.h"
#include "framework/kernels/vectors.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// A tile of C has up to kTileRows rows; with its two vectors of columns, two of B and one of A it fills the registers.
constexpr int kTileRows = kVectorBytes == 64 ? 12 : 6;
constexpr int kTileVectors = 2;
/// Columns of a panel of B.
template <class T>
constexpr std::int64_t kPanel = kTileVectors* kLanes<T>;
/// Longest part of k that is summed at once: A's rows stay in the first-level cache, beside a panel of B where that is narrow.
constexpr std::int64_t kDepth = kVectorBytes == 64 ? 512 : 320;

/// Rows of A are kept as rows, a little longer than kDepth so that they do not fall on the same cache sets; columns of A (if
/// it is a transpose) as columns.
template <class T>
constexpr std::int64_t kRowStride = kDepth + 64 / static_cast<std::int64_t>(sizeof(T));
constexpr std::int64_t kColumnStride = kTileRows == 12 ? 16 : 8;
template <class T>
constexpr std::int64_t kTileElements = (kTileRows * kRowStride<T> > kColumnStride * kDepth ? kTileRows * kRowStride<T> : kColumnStride * kDepth) +
                                       80;  // 80: as above
/// Tiles of A that are packed together where that pays.
constexpr int kGroup = 4;

/// Rows [row, row + rows) of A, columns [begin, begin + depth). `height`: rows of A.
template <class T>
void pack_rows(const ProductOperand<T>& a, std::int64_t height, std::int64_t row, std::int64_t rows, std::int64_t begin, std::int64_t depth, T* to) {
  if (!a.transposed) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* from = a.data + (row + r) * a.ld + begin;
      T* line = to + r * kRowStride<T>;
      std::int64_t p = 0;
      for (; p + kLanes<T> <= depth; p += kLanes<T>) store(load(from + p), line + p);
      for (; p < depth; ++p) line[p] = from[p];
    }
    return;
  }
  const T* from = a.data + begin * a.ld + row;
  const bool whole = row + kColumnStride <= height;
  for (std::int64_t p = 0; p < depth; ++p, from += a.ld, to += kColumnStride) {
    if (whole) {
      __builtin_memcpy(to, from, kColumnStride * sizeof(T));
    } else {
      for (std::int64_t r = 0; r < rows; ++r) to[r] = from[r];
    }
  }
}

/// Columns of A, a transpose, for kGroup tiles that begin at `first`: side by side, they share A's cache lines and pages.
/// No tile may begin within kColumnStride of A's last row.
template <class T>
void pack_columns(const ProductOperand<T>& a, const std::int64_t (&first)[kGroup], std::int64_t begin, std::int64_t depth, T* to) {
  const T* from = a.data + begin * a.ld;
  for (std::int64_t p = 0; p < depth; ++p, from += a.ld, to += kColumnStride)
#pragma GCC unroll 4
    for (int g = 0; g < kGroup; ++g) {
      __builtin_memcpy(to + g * kTileElements<T>, from + first[g], kColumnStride * sizeof(T));
      __builtin_prefetch(from + 16 * a.ld + first[g]);
    }
}

/// Where lane `l` of x[i] (`high` false) or x[i + half] comes from when two vectors exchange blocks of `half` lanes.
template <int kCount>
constexpr int source(int l, int half, bool high) {
  if (high) return (l & half) != 0 ? kCount + l : l + half;
  return (l & half) != 0 ? kCount + l - half : l;
}

template <class V, int kHalf>
inline void exchange(V& x, V& y) {
  const V p = x, q = y;
  constexpr int kCount = sizeof(V) / sizeof(p[0]);
#define LINNET_LANE(l, high) source<kCount>(l, kHalf, high)
#define LINNET_PAIR(l, high) LINNET_LANE(l, high), LINNET_LANE(l + 1, high)
#define LINNET_FOUR(l, high) LINNET_PAIR(l, high), LINNET_PAIR(l + 2, high)
#define LINNET_EIGHT(l, high) LINNET_FOUR(l, high), LINNET_FOUR(l + 4, high)
  if constexpr (kCount == 16) {
    x = __builtin_shufflevector(p, q, LINNET_EIGHT(0, false), LINNET_EIGHT(8, false));
    y = __builtin_shufflevector(p, q, LINNET_EIGHT(0, true), LINNET_EIGHT(8, true));
  } else if constexpr (kCount == 8) {
    x = __builtin_shufflevector(p, q, LINNET_EIGHT(0, false));
    y = __builtin_shufflevector(p, q, LINNET_EIGHT(0, true));
  } else if constexpr (kCount == 4) {
    x = __builtin_shufflevector(p, q, LINNET_FOUR(0, false));
    y = __builtin_shufflevector(p, q, LINNET_FOUR(0, true));
  } else {
    x = __builtin_shufflevector(p, q, LINNET_PAIR(0, false));
    y = __builtin_shufflevector(p, q, LINNET_PAIR(0, true));
  }
#undef LINNET_EIGHT
#undef LINNET_FOUR
#undef LINNET_PAIR
#undef LINNET_LANE
}

/// Exchanges blocks of kHalf lanes between vectors kHalf apart, then blocks half as large: a transposition in the end.
template <class V, int kCount, int kHalf>
inline void exchange_all(V (&x)[kCount]) {
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i)
    if ((i & kHalf) == 0) exchange<V, kHalf>(x[i], x[i + kHalf]);
  if constexpr (kHalf > 1) exchange_all<V, kCount, kHalf / 2>(x);
}

/// to = fromᵀ, both (lanes, lanes).
template <class T>
void transpose_block(const T* from, std::int64_t ld, T* to, std::int64_t to_ld) {
  constexpr int kCount = kLanes<T>;
  typename Vector<T>::type x[kCount];
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) x[i] = load(from + i * ld);
  exchange_all<typename Vector<T>::type, kCount, kCount / 2>(x);
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) store(x[i], to + i * to_ld);
}

/// Columns [column, column + width) of B, rows [begin, begin + depth), as a panel (depth, kPanel) with zeros beyond `width`.
template <class T>
void pack_panel(const ProductOperand<T>& b, std::int64_t column, std::int64_t width, std::int64_t begin, std::int64_t depth, T* to) {
  if (!b.transposed) {
    const T* from = b.data + begin * b.ld + column;
    for (std::int64_t p = 0; p < depth; ++p, from += b.ld, to += kPanel<T>)
      for (std::int64_t j = 0; j < kPanel<T>; ++j) to[j] = j < width ? from[j] : T(0);
    return;
  }
  for (int v = 0; v < kTileVectors; ++v, to += kLanes<T>) {
    const T* from = b.data + (column + v * kLanes<T>)*b.ld + begin;  // (lanes, depth)
    const std::int64_t lanes = width - v * kLanes<T>;
    std::int64_t p = 0;
    if (lanes >= kLanes<T>)
      for (; p + kLanes<T> <= depth; p += kLanes<T>) transpose_block(from + p, b.ld, to + p * kPanel<T>, kPanel<T>);
    for (; p < depth; ++p)
      for (std::int64_t l = 0; l < kLanes<T>; ++l) to[p * kPanel<T> + l] = l < lanes ? from[l * b.ld + p] : T(0);
  }
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
