#include "framework/kernels/int8.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "framework/kernels/vectors.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// A quantized row holds groups of four bytes, which a broadcast spreads over the lanes: four elements as unsigned bytes that
// are 128 too large, where one instruction multiplies unsigned by signed bytes and adds up in 32 bits; else two elements as
// int16, whose products fit in int32. (The older product of bytes saturates at 16 bits.) A panel holds a group's elements of
// each of its columns side by side, behind what the columns' sums begin with: -128 times the column's sum, or 0.
#if defined(__AVX512VNNI__)
constexpr const char* kName = "avx512_vnni";
using Element = std::uint8_t;
constexpr int kOffset = 128;
#else
#if defined(__AVX512BW__)
constexpr const char* kName = "avx512";
#elif defined(__AVX2__)
constexpr const char* kName = "avx2";
#else
constexpr const char* kName = "portable";
#endif
using Element = std::int16_t;
constexpr int kOffset = 0;
#endif
constexpr std::int64_t kGroup = 4 / static_cast<std::int64_t>(sizeof(Element));

#if defined(__AVX512BW__)
constexpr int kTileRows = 12;  // 24 sums, two operands and a broadcast in 32 registers
#elif defined(__AVX2__)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
using Sums = Vector<std::int32_t>::type;
constexpr int kVectors = 2;
constexpr std::int64_t kSums = kLanes<std::int32_t>, kPanel = kVectors * kSums;

std::int64_t groups_of(std::int64_t depth) { return (depth + kGroup - 1) / kGroup; }
std::int64_t row_bytes(std::int64_t depth) { return (groups_of(depth) * 4 + 63) / 64 * 64; }
std::int64_t panel_bytes(std::int64_t depth) { return (kPanel * 4 + groups_of(depth) * kPanel * kGroup + 63) / 64 * 64; }

void pack(const std::int8_t* b, std::int64_t row, std::int64_t column, std::int64_t depth, std::int64_t columns, void* packed) {
  auto* panel = static_cast<std::int8_t*>(packed);
  for (std::int64_t begin = 0; begin < columns; begin += kPanel, panel += panel_bytes(depth)) {
    std::int32_t start[kPanel] = {};
    std::int8_t* to = panel + kPanel * 4;
    for (std::int64_t k = 0; k < groups_of(depth) * kGroup; k += kGroup)
      for (std::int64_t c = 0; c < kPanel; ++c)
        for (std::int64_t i = k; i < k + kGroup; ++i, ++to) {
          *to = i < depth && begin + c < columns ? b[i * row + (begin + c) * column] : std::int8_t{0};
          start[c] -= kOffset * *to;
        }
    __builtin_memcpy(panel, start, sizeof start);
  }
}

inline Sums load_sums(const std::int8_t* from) {
  Sums value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/// A group of one row for every column, and a vector of columns of a panel.
#if defined(__AVX2__)
inline Sums spread(const char* group) {
  std::int32_t bits;
  __builtin_memcpy(&bits, group, 4);
  return bits - Sums{};
}
#if defined(__AVX512VNNI__)
inline Sums columns_at(const std::int8_t* panel) { return load_sums(panel); }
#elif defined(__AVX512BW__)
inline Sums columns_at(const std::int8_t* panel) {
  return reinterpret_cast<Sums>(_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel))));
}
#else
inline Sums columns_at(const std::int8_t* panel) {
  return reinterpret_cast<Sums>(_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(panel))));
}
#endif
#else
struct Pair {
  std::int16_t first, second;
};
inline Pair spread(const char* group) {
  Pair pair;
  __builtin_memcpy(&pair, group, 4);
  return pair;
}
struct Columns {
  Sums first, second;
};
inline Columns columns_at(const std::int8_t* panel) {
  return {Sums{panel[0], panel[2], panel[4], panel[6]}, Sums{panel[1], panel[3], panel[5], panel[7]}};
}
#endif

/// sums + the products of a group with each column.
#if defined(__AVX512VNNI__)
inline Sums add_products(Sums sums, Sums group, Sums columns) {
  return reinterpret_cast<Sums>(
      _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(group), reinterpret_cast<__m512i>(columns)));
}
#elif defined(__AVX512BW__)
inline Sums add_products(Sums sums, Sums group, Sums columns) {
  return sums + reinterpret_cast<Sums>(_mm512_madd_epi16(reinterpret_cast<__m512i>(group), reinterpret_cast<__m512i>(columns)));
}
#elif defined(__AVX2__)
inline Sums add_products(Sums sums, Sums group, Sums columns) {
  return sums + reinterpret_cast<Sums>(_mm256_madd_epi16(reinterpret_cast<__m256i>(group), reinterpret_cast<__m256i>(columns)));
}
#else
inline Sums add_products(Sums sums, Pair group, const Columns& columns) { return sums + group.first * columns.first + group.second * columns.second; }
#endif

/// sums (kRows, kPanel) = kRows quantized rows times a panel.
template <int kRows>
void tile(const char* q, std::int64_t stride, const std::int8_t* panel, std::int64_t groups, std::int32_t* sums) {
  Sums sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sum[r][v] = load_sums(panel + v * kSums * 4);
  panel += kPanel * 4;
  for (std::int64_t g = 0; g < groups; ++g, q += 4, panel += kPanel * kGroup) {
    const auto left = columns_at(panel), right = columns_at(panel + kSums * kGroup);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const auto group = spread(q + r * stride);
      sum[r][0] = add_products(sum[r][0], group, left);
      sum[r][1] = add_products(sum[r][1], group, right);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) store(sum[r][v], sums + r * kPanel + v * kSums);
}

/// tile<height>.
template <int kRows>
void tile_of(std::int64_t height, const char* q, std::int64_t stride, const std::int8_t* panel, std::int64_t groups, std::int32_t* sums) {
  if constexpr (kRows > 0) {
    if (height == kRows) tile<kRows>(q, stride, panel, groups, sums);
    else tile_of<kRows - 1>(height, q, stride, panel, groups, sums);
  }
}

template <class T>
void multiply(const void* q, const void* packed, std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* row_factors,
              const T* column_factors, T* y, std::int64_t ldy) {
  alignas(64) std::int32_t sums[kTileRows * kPanel];
  const std::int64_t stride = row_bytes(depth), tiles = (rows + kTileRows - 1) / kTileRows;
  const auto* panel = static_cast<const std::int8_t*>(packed);
  for (std::int64_t begin = 0; begin < columns; begin += kPanel, panel += panel_bytes(depth)) {
    const std::int64_t width = columns - begin < kPanel ? columns - begin : kPanel;
    // Tiles of nearly equal height: 13 rows are 7 and 6.
    for (std::int64_t i = 0, row = 0; i < tiles; ++i) {
      const std::int64_t height = (rows - row + tiles - i - 1) / (tiles - i);
      tile_of<kTileRows>(height, static_cast<const char*>(q) + row * stride, stride, panel, groups_of(depth), sums);
      for (std::int64_t r = 0; r < height; ++r) {
        const T factor = row_factors[row + r];
        T* to = y + (row + r) * ldy + begin;
#pragma omp simd
        for (std::int64_t c = 0; c < width; ++c) to[c] = static_cast<T>(sums[r * kPanel + c]) * (factor * column_factors[begin + c]);
      }
      row += height;
    }
  }
}

/// max |x|; NaN if an element is none or infinite.
template <class T>
T largest(const T* x, std::int64_t n) {
  using V = typename Vector<T>::type;
  V tops = {}, poison = {};
  const std::int64_t whole = n / kLanes<T> * kLanes<T>;
  for (std::int64_t i = 0; i < whole; i += kLanes<T>) {
    const V next = load(x + i), magnitude = next < 0 ? -next : next;
    tops = magnitude > tops ? magnitude : tops;
    poison += next * 0;
  }
  T lanes[kLanes<T>];
  store(tops, lanes);
  T top = max_of(lanes, kLanes<T>), sum = sum_of<T>(poison);
  for (std::int64_t i = whole; i < n; ++i) {
    const T magnitude = x[i] < 0 ? -x[i] : x[i];
    top = magnitude > top ? magnitude : top;
    sum += x[i] * 0;
  }
  return top + sum;
}

// 1.5 * 2^23 and 1.5 * 2^52: added to a small number they leave it, rounded to an integer, in the low bits of the sum.
inline std::int32_t low_bits(float value) { return __builtin_bit_cast(std::int32_t, value + (12582912.0f + kOffset)); }
inline std::int64_t low_bits(double value) { return __builtin_bit_cast(std::int64_t, value + (6755399441055744.0 + kOffset)); }

template <class T>
void quantize(const T* x, std::int64_t rows, std::int64_t depth, void* q, T* factors) {
  const std::int64_t stride = row_bytes(depth), filled = stride / static_cast<std::int64_t>(sizeof(Element));
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* from = x + r * depth;
    auto* to = reinterpret_cast<Element*>(static_cast<char*>(q) + r * stride);
    const T scale = T(127) / (largest(from, depth) + T(1e-7));
    factors[r] = T(1) / scale;
    // Keras clips to +-127 as well, which no product but a NaN exceeds by half.
#pragma omp simd
    for (std::int64_t c = 0; c < depth; ++c) to[c] = static_cast<Element>(low_bits(from[c] * scale));
    for (std::int64_t c = depth; c < filled; ++c) to[c] = static_cast<Element>(kOffset);
  }
}

}  // namespace

template <class T>
Int8Kernels<T> int8_kernels() {
  return {.name = kName,
          .panel = kPanel,
          .row_bytes = row_bytes,
          .panel_bytes = panel_bytes,
          .pack = pack,
          .quantize = quantize<T>,
          .multiply = multiply<T>};
}
template Int8Kernels<float> int8_kernels<float>();
template Int8Kernels<double> int8_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
