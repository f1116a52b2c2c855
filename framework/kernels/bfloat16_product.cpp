#include "framework/kernels/bfloat16_product.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include "framework/core/half.h"
#include "framework/kernels/bfloat16_panels.h"
#include "framework/kernels/product_tile.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// One instruction adds both products of a pair to a float32 sum. Where it is missing, A is widened when its rows are packed; so is B
// for many rows, and the tiles are those of float32. Few rows widen the two of a pair by a shift and a mask as they read them.
using Sums = Vector<float>::type;

#if defined(__AVX512BF16__)
constexpr const char* kName = "avx512_bf16";
using Element = Bits;
constexpr std::int64_t kLongest = 2 * kDepth;  // of k that is summed at once: as many bytes as kDepth floats
#else
#if defined(__AVX512BW__)
constexpr const char* kName = "avx512";
#elif defined(__AVX2__)
constexpr const char* kName = "avx2";
#else
constexpr const char* kName = "portable";
#endif
using Element = float;
constexpr std::int64_t kLongest = kDepth;
#endif

/// Bytes between packed rows of A, a little more than kLongest needs so that they do not fall on the same cache sets; and between
/// packed columns of a tile, which are kept as pairs: of elements side by side, or of whole columns of floats.
constexpr std::int64_t kRowBytes = kLongest * static_cast<std::int64_t>(sizeof(Element)) + 64,
                       kPairBytes = kColumnStride * 4 * (sizeof(Element) == 2 ? 1 : 2);
/// Columns of C that suit a caller's tile.
constexpr std::int64_t kTileColumns = 256;
constexpr std::int64_t kTileBytes = kTileRows * kRowBytes > kLongest / 2 * kPairBytes ? kTileRows* kRowBytes : kLongest / 2 * kPairBytes;

inline Element element_of(Bits bits) {
#if defined(__AVX512BF16__)
  return bits;
#else
  return float_from_bfloat16(bits);
#endif
}

/// Rows [row, row + rows) of A, columns [begin, begin + depth), as rows; an odd depth is filled up with a zero.
void pack_rows(const ProductOperand<Bits>& a, std::int64_t row, std::int64_t rows, std::int64_t begin, std::int64_t depth, char* to) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const Bits* from = a.data + (row + r) * a.ld + begin;
    auto* line = reinterpret_cast<Element*>(to + r * kRowBytes);
#pragma omp simd
    for (std::int64_t p = 0; p < depth; ++p) line[p] = element_of(from[p]);
    if (depth % 2 != 0) line[depth] = 0;
  }
}

/// The same of a transpose, as columns.
void pack_columns(const ProductOperand<Bits>& a, std::int64_t row, std::int64_t rows, std::int64_t begin, std::int64_t depth, char* to) {
  const Bits* from = a.data + begin * a.ld + row;
  for (std::int64_t p = 0; p < depth; p += 2, from += 2 * a.ld, to += kPairBytes) {
    const bool whole = p + 1 < depth;
#if defined(__AVX512BF16__)
    auto* pairs = reinterpret_cast<std::int32_t*>(to);
    if (whole && rows == kTileRows) {
#pragma GCC unroll 16
      for (std::int64_t r = 0; r < kTileRows; ++r) pairs[r] = pair_of(from[r], from[a.ld + r]);
    } else {
      for (std::int64_t r = 0; r < rows; ++r) pairs[r] = pair_of(from[r], whole ? from[a.ld + r] : Bits{0});
    }
#else
    auto *first = reinterpret_cast<float*>(to), *second = first + kColumnStride;
    for (std::int64_t r = 0; r < rows; ++r) first[r] = element_of(from[r]);
    for (std::int64_t r = 0; r < rows; ++r) second[r] = whole ? element_of(from[a.ld + r]) : 0.0f;
#endif
  }
}

/// Pairs of one row of A that a tile reads: from `data`, a row's `row` bytes and a pair's `pair` bytes behind the one before.
struct PartOfA {
  const char* data;
  std::int64_t row;
};

inline Pairs pairs_at(const Bits* panel) {
  Pairs value;
  __builtin_memcpy(&value, panel, sizeof value);
  return value;
}

/// C (kRowCount, kPanels panels) of `pairs` pairs; the panels of B are `ldb` elements apart.
template <int kRowCount, int kPanels, bool kByColumns>
void pair_tile(std::int64_t pairs, const PartOfA& a, const Bits* b, std::int64_t ldb, float* c, std::int64_t ldc, bool add) {
  constexpr int kVectors = kPanels * kTileVectors;
  constexpr std::int64_t kStep = kByColumns ? kPairBytes : 2 * static_cast<std::int64_t>(sizeof(Element));
  Sums sum[kRowCount][kVectors] = {};
  const char* from = a.data;
  const std::int64_t row = kByColumns ? 4 : a.row;
  for (std::int64_t p = 0; p < pairs; ++p, from += kStep, b += 2 * kPairPanel) {
    Pairs bv[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) bv[v] = pairs_at(b + v / kTileVectors * ldb + v % kTileVectors * 2 * kSums);
#if defined(__AVX512BF16__)
#pragma GCC unroll 16
    for (int r = 0; r < kRowCount; ++r) {
      std::int32_t pair;
      __builtin_memcpy(&pair, from + r * row, sizeof pair);
      const auto av = reinterpret_cast<__m512bh>(pair - Pairs{});
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v)
        sum[r][v] = reinterpret_cast<Sums>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum[r][v]), av, reinterpret_cast<__m512bh>(bv[v])));
    }
#else
    constexpr std::int64_t kSecond = kByColumns ? kColumnStride : 1;
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      Sums wide[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) wide[v] = reinterpret_cast<Sums>(half == 0 ? bv[v] << 16 : bv[v] & static_cast<std::int32_t>(0xffff0000u));
#pragma GCC unroll 16
      for (int r = 0; r < kRowCount; ++r) {
        float element;
        __builtin_memcpy(&element, from + r * row + half * kSecond * 4, sizeof element);
        const Sums av = element - Sums{};
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sum[r][v] += av * wide[v];
      }
    }
#endif
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRowCount; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      float* to = c + r * ldc + v * kSums;
      store(add ? sum[r][v] + load(to) : sum[r][v], to);
    }
}

using PairTile = void (*)(std::int64_t pairs, const PartOfA& a, const Bits* b, std::int64_t ldb, float* c, std::int64_t ldc, bool add);

/// pair_tile<rows, …> for 1 <= rows <= kMost.
template <int kMost, int kPanels, bool kByColumns>
PairTile pair_tile_of(std::int64_t rows) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return pair_tile_of<kMost - 1, kPanels, kByColumns>(rows);
  }
  return pair_tile<kMost, kPanels, kByColumns>;
}

/// Few rows take several panels at once, to have as many sums under way as the adders take.
template <bool kByColumns>
PairTile pair_tile_for(std::int64_t rows, int panels) {
  if (panels == 4) return pair_tile_of<kTileRows / 4, 4, kByColumns>(rows);
  if (panels == 2) return pair_tile_of<kTileRows / 2, 2, kByColumns>(rows);
  return pair_tile_of<kTileRows, 1, kByColumns>(rows);
}
int panels_for(std::int64_t rows) { return rows <= kTileRows / 4 ? 4 : rows <= kTileRows / 2 ? 2 : 1; }

#if !defined(__AVX512BF16__)
/// Panels that are widened at once, for the second-level cache, and bytes of their elements.
constexpr std::int64_t kWidePanels = kTileColumns / kPairPanel, kWideBytes = kWidePanels * kPairPanel * kLongest * 4;
/// So many tiles, one below the other, are worth it.
constexpr std::int64_t kManyTiles = 4;

/// to (2 pairs, kPairPanel) = the pairs of a panel, one row below the other.
void widen(const Bits* panel, std::int64_t pairs, float* to) {
  for (std::int64_t p = 0; p < pairs; ++p, to += 2 * kPairPanel)
#pragma GCC unroll 4
    for (std::int64_t c = 0; c < kPairPanel; c += kSums, panel += 2 * kSums) {
      const Pairs both = pairs_at(panel);
      store(reinterpret_cast<Sums>(both << 16), to + c);
      store(reinterpret_cast<Sums>(both & static_cast<std::int32_t>(0xffff0000u)), to + kPairPanel + c);
    }
}

/// multiply_slice for many rows.
template <bool kByColumns>
void multiply_widened(const BFloat16Product& job, std::int64_t begin, std::int64_t depth, bool add, char* workspace) {
  const std::int64_t tiles = (job.m + kTileRows - 1) / kTileRows, panels = (job.n + kPairPanel - 1) / kPairPanel, pairs = pairs_of(depth);
  const float* const a = reinterpret_cast<const float*>(workspace);
  float* const wide = reinterpret_cast<float*>(workspace + kTileBytes);
  for (std::int64_t first = 0; first < panels; first += kWidePanels) {
    const std::int64_t count = panels - first < kWidePanels ? panels - first : kWidePanels;
    for (std::int64_t p = 0; p < count; ++p)
      widen(job.b + (first + p) * panel_elements(job.k) + begin * kPairPanel, pairs, wide + p * 2 * pairs * kPairPanel);
    for (std::int64_t i = 0; i < tiles; ++i) {
      const std::int64_t row = i * job.m / tiles, rows = (i + 1) * job.m / tiles - row;
      if (kByColumns) pack_columns(job.a, row, rows, begin, depth, workspace);
      else pack_rows(job.a, row, rows, begin, depth, workspace);
      float* const c = job.c + row * job.ldc + first * kPairPanel;
      const Tile<float> tile = tile_of<float, kTileRows, kTileVectors, kByColumns, Source::panel>(rows);
      for (std::int64_t p = 0; p < count; ++p)
        tile(depth, a, {wide + p * 2 * pairs * kPairPanel}, {c + p * kPairPanel, job.ldc, kPairPanel, 1.0f, add});
    }
  }
}
#else
constexpr std::int64_t kWideBytes = 0;
#endif

/// Columns [begin, begin + depth) of A: a row of tiles after the other, each with its part of A in the first-level cache.
template <bool kByColumns>
void multiply_slice(const BFloat16Product& job, std::int64_t begin, std::int64_t depth, bool add, char* workspace) {
  const std::int64_t tiles = (job.m + kTileRows - 1) / kTileRows, panels = (job.n + kPairPanel - 1) / kPairPanel, ldb = panel_elements(job.k);
#if !defined(__AVX512BF16__)
  if (tiles >= kManyTiles) return multiply_widened<kByColumns>(job, begin, depth, add, workspace);
#endif
  // Rows of A are read where they lie if that can be: as pairs of 16-bit elements.
  const bool in_place = !kByColumns && sizeof(Element) == 2 && depth % 2 == 0;
  for (std::int64_t i = 0; i < tiles; ++i) {
    // Tiles of nearly equal height: 13 rows are 7 and 6, not 12 and 1.
    const std::int64_t row = i * job.m / tiles, rows = (i + 1) * job.m / tiles - row;
    PartOfA a{workspace, kRowBytes};
    if (kByColumns) pack_columns(job.a, row, rows, begin, depth, workspace);
    else if (!in_place) pack_rows(job.a, row, rows, begin, depth, workspace);
    else a = {reinterpret_cast<const char*>(job.a.data + row * job.a.ld + begin), job.a.ld * 2};
    const Bits* b = job.b + begin * kPairPanel;
    float* c = job.c + row * job.ldc;
    for (std::int64_t left = panels; left > 0;) {
      int together = panels_for(rows);
      while (together > left) together /= 2;
      pair_tile_for<kByColumns>(rows, together)(pairs_of(depth), a, b, ldb, c, job.ldc, add);
      left -= together;
      b += together * ldb;
      c += together * kPairPanel;
    }
  }
}

void multiply(const BFloat16Product& job, void* workspace) {
  const std::int64_t pairs = pairs_of(job.k), slices = (pairs + kLongest / 2 - 1) / (kLongest / 2);
  for (std::int64_t s = 0; s < slices; ++s) {
    const std::int64_t begin = s * pairs / slices * 2, end = s + 1 == slices ? job.k : (s + 1) * pairs / slices * 2;
    const bool add = job.add || s > 0;
    if (job.a.transposed) multiply_slice<true>(job, begin, end - begin, add, static_cast<char*>(workspace));
    else multiply_slice<false>(job, begin, end - begin, add, static_cast<char*>(workspace));
  }
}

}  // namespace

BFloat16ProductKernels bfloat16_product_kernels() {
  return {.name = kName,
          .panel = kPairPanel,
          .rows = kTileRows,
          .tile_rows = (sizeof(Element) == 2 ? 8 : 16) * kTileRows,
          .tile_columns = kTileColumns,
          .workspace = kTileBytes + kWideBytes,
          .panel_elements = panel_elements,
          .pack = pack,
          .multiply = multiply};
}

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
