#pragma once

// Included by the products only, kernels/product.cpp and bfloat16_product.cpp. A tile of C, summed in registers.

#include "framework/kernels/product_pack.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// Rows of B that are fetched ahead; a processor's own prefetching stops at the end of a page, which may be the next row. They go to
/// the second-level cache: more lines can be on their way to it from memory at once than to the first.
constexpr std::int64_t kAhead = 64;

/// Where a tile finds its part of B: where it lies, there but to be packed for the tiles that follow, or in such a panel.
enum class Source { in_place, packing, panel };

/// Part of B that a tile reads, (depth, columns of the tile) with leading dimension ld, which is kPanel in a panel; `keep`: the panel to
/// pack it into; `ahead`: from each vector to one that is needed later, to be fetched.
template <class T>
struct PartOfB {
  const T* data;
  std::int64_t ld = kPanel<T>;
  T* keep = nullptr;
  std::int64_t ahead = kAhead * ld;
};
/// C (rows, columns) of a tile. `columns` may end anywhere within the tile's vectors.
template <class T>
struct PartOfC {
  T* data;
  std::int64_t ld, columns;
  T alpha;
  bool add;
};

/// alpha sum, rounded: not fused with what is added to it, which a compiler does here and there as it likes.
template <class T>
inline typename Vector<T>::type scaled(const typename Vector<T>::type& sum, T alpha) {
  typename Vector<T>::type result = alpha * sum;
#if defined(__AVX512F__)
  asm("" : "+v"(result));
#elif defined(__x86_64__)
  asm("" : "+x"(result));
#endif
  return result;
}

/// to[0 .. left) = alpha sum, or +=. Whole and partial vectors round alike.
template <class T>
void put(const typename Vector<T>::type& sum, T alpha, bool add, std::int64_t left, T* to) {
  const typename Vector<T>::type zero = {}, value = scaled(sum, alpha);
  if (left >= kLanes<T>) {
    store(value + (add ? load(to) : zero), to);
  } else if (left > 0) {
    T part[kLanes<T>] = {};
    if (add)
      for (std::int64_t l = 0; l < left; ++l) part[l] = to[l];
    store(value + load(part), part);
    for (std::int64_t l = 0; l < left; ++l) to[l] = part[l];
  }
}

/// kRows rows by kVectors vectors of C, summed in registers. a: packed rows, or packed columns.
template <class T, int kRows, int kVectors, bool kByColumns, Source kSource>
void tile(std::int64_t depth, const T* a, const PartOfB<T>& from, const PartOfC<T>& c) {
  using V = typename Vector<T>::type;
  constexpr std::int64_t row = kByColumns ? 1 : kRowStride<T>, step = kByColumns ? kColumnStride : 1;
  const T* b = from.data;
  const std::int64_t ld = kSource == Source::panel ? kPanel<T> : from.ld, ahead = from.ahead;
  T* keep = from.keep;
  V sum[kRows][kVectors] = {};
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int byte = 0; byte < kVectors * kVectorBytes; byte += 64) __builtin_prefetch(reinterpret_cast<const char*>(c.data + r * c.ld) + byte, 1);
#if !defined(__AVX512F__)
#pragma GCC unroll 4  // 20 instructions a step, among which those of the loop itself count
#endif
  for (std::int64_t p = 0; p < depth; ++p, a += step, b += ld) {
    V bv[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      bv[v] = load(b + v * kLanes<T>);
      if (kSource != Source::panel && v * kVectorBytes % 64 == 0) __builtin_prefetch(b + ahead + v * kLanes<T>, 0, 2);
      if constexpr (kSource == Source::packing) store(bv[v], keep + p * kPanel<T> + v * kLanes<T>);
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const V av = a[r * row] - V{};  // one broadcast, not one an operand
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sum[r][v] += av * bv[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) put<T>(sum[r][v], c.alpha, c.add, c.columns - v * kLanes<T>, c.data + r * c.ld + v * kLanes<T>);
}

template <class T>
using Tile = void (*)(std::int64_t depth, const T* a, const PartOfB<T>& b, const PartOfC<T>& c);

/// tile<T, rows, …> for 1 <= rows <= kMost.
template <class T, int kMost, int kVectors, bool kByColumns, Source kSource>
Tile<T> tile_of(std::int64_t rows) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return tile_of<T, kMost - 1, kVectors, kByColumns, kSource>(rows);
  }
  return tile<T, kMost, kVectors, kByColumns, kSource>;
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
