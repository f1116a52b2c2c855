#pragma once

// Included by kernels/int8.cpp only: tiles of sums in the vector registers.

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
constexpr std::int64_t kGroupStep = 1;  // a row and a panel have a multiple of so many groups
using Sums = Vector<std::int32_t>::type;
constexpr int kVectors = 2;
constexpr std::int64_t kSums = kLanes<std::int32_t>, kPanel = kVectors * kSums;

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
#pragma GCC unroll 4
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

/// Registers need no setting up.
struct Tiles {
  void set_rows(std::int64_t) {}
};

/// tile<height>.
template <int kRows = kTileRows>
void multiply_tile(std::int64_t height, const char* q, std::int64_t stride, const std::int8_t* panel, std::int64_t groups, std::int32_t* sums) {
  if constexpr (kRows > 0) {
    if (height == kRows) tile<kRows>(q, stride, panel, groups, sums);
    else multiply_tile<kRows - 1>(height, q, stride, panel, groups, sums);
  }
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
