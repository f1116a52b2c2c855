#include "framework/kernels/bfloat16_product.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include "framework/core/half.h"
#include "framework/kernels/product_pack.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// B is packed in pairs of rows: a lane holds two elements of its column, one below the other. One instruction adds both
// products of such a lane to a float32 sum; where it is missing, the two are widened by a shift and a mask as they are read,
// which costs little beside the sums of a whole tile, and A is widened when its rows are packed.
using Bits = std::uint16_t;
using Pairs = Vector<std::int32_t>::type;
using Sums = Vector<float>::type;
constexpr std::int64_t kSums = kLanes<float>, kPairPanel = kTileVectors * kSums;

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
constexpr std::int64_t kTileBytes = kTileRows * kRowBytes > kLongest / 2 * kPairBytes ? kTileRows* kRowBytes : kLongest / 2 * kPairBytes;

std::int64_t pairs_of(std::int64_t depth) { return (depth + 1) / 2; }
std::int64_t panel_elements(std::int64_t depth) { return pairs_of(depth) * 2 * kPairPanel; }

inline std::int32_t pair_of(Bits first, Bits second) { return static_cast<std::int32_t>(first | (static_cast<std::uint32_t>(second) << 16)); }

/// One panel of `width` columns of B from `column` on.
void pack_one(const ProductOperand<Bits>& b, std::int64_t depth, std::int64_t column, std::int64_t width, Bits* to) {
  auto* pairs = reinterpret_cast<std::int32_t*>(to);
  if (!b.transposed) {
    for (std::int64_t p = 0; p < depth; p += 2, pairs += kPairPanel) {
      const Bits *first = b.data + p * b.ld + column, *second = first + b.ld;
      if (p + 1 == depth) {
        for (std::int64_t c = 0; c < kPairPanel; ++c) pairs[c] = c < width ? first[c] : 0;
      } else if (width == kPairPanel) {
#pragma omp simd
        for (std::int64_t c = 0; c < kPairPanel; ++c) pairs[c] = pair_of(first[c], second[c]);
      } else {
        for (std::int64_t c = 0; c < kPairPanel; ++c) pairs[c] = c < width ? pair_of(first[c], second[c]) : 0;
      }
    }
    return;
  }
  for (std::int64_t v = 0; v < kPairPanel; v += kSums, pairs += kSums) {
    const Bits* from = b.data + (column + v) * b.ld;  // (lanes, depth)
    std::int64_t p = 0;
    if (width - v >= kSums) {
      for (; p + 2 * kSums <= depth; p += 2 * kSums) {
        Pairs x[kSums];
#pragma GCC unroll 16
        for (std::int64_t l = 0; l < kSums; ++l) __builtin_memcpy(&x[l], from + l * b.ld + p, sizeof x[l]);
        exchange_all<Pairs, kSums, kSums / 2>(x);
#pragma GCC unroll 16
        for (std::int64_t l = 0; l < kSums; ++l) store(x[l], pairs + (p / 2 + l) * kPairPanel);
      }
    }
    for (; p < depth; p += 2)
      for (std::int64_t l = 0; l < kSums; ++l) {
        const Bits* pair = from + l * b.ld + p;
        pairs[p / 2 * kPairPanel + l] = v + l >= width ? 0 : pair_of(pair[0], p + 1 < depth ? pair[1] : Bits{0});
      }
  }
}

void pack(const ProductOperand<Bits>& b, std::int64_t depth, std::int64_t columns, Bits* panels) {
  for (std::int64_t column = 0; column < columns; column += kPairPanel, panels += panel_elements(depth))
    pack_one(b, depth, column, columns - column < kPairPanel ? columns - column : kPairPanel, panels);
}

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
void tile(std::int64_t pairs, const PartOfA& a, const Bits* b, std::int64_t ldb, float* c, std::int64_t ldc, bool add) {
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

using Tile = void (*)(std::int64_t pairs, const PartOfA& a, const Bits* b, std::int64_t ldb, float* c, std::int64_t ldc, bool add);

/// tile<rows, …> for 1 <= rows <= kMost.
template <int kMost, int kPanels, bool kByColumns>
Tile tile_of(std::int64_t rows) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return tile_of<kMost - 1, kPanels, kByColumns>(rows);
  }
  return tile<kMost, kPanels, kByColumns>;
}

/// Few rows take several panels at once, to have as many sums under way as the adders take.
template <bool kByColumns>
Tile tile_for(std::int64_t rows, int panels) {
  if (panels == 4) return tile_of<kTileRows / 4, 4, kByColumns>(rows);
  if (panels == 2) return tile_of<kTileRows / 2, 2, kByColumns>(rows);
  return tile_of<kTileRows, 1, kByColumns>(rows);
}
int panels_for(std::int64_t rows) { return rows <= kTileRows / 4 ? 4 : rows <= kTileRows / 2 ? 2 : 1; }

/// Columns [begin, begin + depth) of A: a row of tiles after the other, each with its part of A in the first-level cache.
template <bool kByColumns>
void multiply_slice(const BFloat16Product& job, std::int64_t begin, std::int64_t depth, bool add, char* workspace) {
  const std::int64_t tiles = (job.m + kTileRows - 1) / kTileRows, panels = (job.n + kPairPanel - 1) / kPairPanel, ldb = panel_elements(job.k);
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
      tile_for<kByColumns>(rows, together)(pairs_of(depth), a, b, ldb, c, job.ldc, add);
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
          .workspace = kTileBytes,
          .panel_elements = panel_elements,
          .pack = pack,
          .multiply = multiply};
}

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
