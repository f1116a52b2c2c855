#pragma once

// Included by the products of bfloat16 only: B in the order in which their tiles read it.

#include "framework/kernels/product_pack.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// B is packed in pairs of rows: a lane holds two elements of its column, one below the other.
using Bits = std::uint16_t;
using Pairs = Vector<std::int32_t>::type;
constexpr std::int64_t kSums = kLanes<float>, kPairPanel = kTileVectors * kSums;

/// Pairs that are read in one step; a panel has whole steps, the last one filled up with zeros.
#if defined(__AMX_BF16__)
constexpr std::int64_t kPairStep = 16;
#else
constexpr std::int64_t kPairStep = 1;
#endif

inline std::int64_t pairs_of(std::int64_t depth) { return (depth + 2 * kPairStep - 1) / (2 * kPairStep) * kPairStep; }
inline std::int64_t panel_elements(std::int64_t depth) { return pairs_of(depth) * 2 * kPairPanel; }

/// Zeros for the pairs of a panel that `depth` does not reach.
inline void fill_up(std::int64_t depth, std::int32_t* pairs) {
  for (std::int64_t i = (depth + 1) / 2 * kPairPanel; i < pairs_of(depth) * kPairPanel; ++i) pairs[i] = 0;
}

inline std::int32_t pair_of(Bits first, Bits second) { return static_cast<std::int32_t>(first | (static_cast<std::uint32_t>(second) << 16)); }

/// One panel of `width` columns of B from `column` on.
inline void pack_one(const ProductOperand<Bits>& b, std::int64_t depth, std::int64_t column, std::int64_t width, Bits* to) {
  auto* pairs = reinterpret_cast<std::int32_t*>(to);
  fill_up(depth, pairs);
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

inline void pack(const ProductOperand<Bits>& b, std::int64_t depth, std::int64_t columns, Bits* panels) {
  for (std::int64_t column = 0; column < columns; column += kPairPanel, panels += panel_elements(depth))
    pack_one(b, depth, column, columns - column < kPairPanel ? columns - column : kPairPanel, panels);
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
