#pragma once

// Included by kernel files only, inside their variant's namespace: see kernels/math.h.

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "framework/kernels/dropout.h"
#include "framework/kernels/vectors.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

constexpr std::int64_t kPhiloxBlocks = 16;  // drawn together: one lane each

typedef std::uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t DoubleWords __attribute__((vector_size(kVectorBytes)));

/// The low halves of the elements times `factor`, in full. By intrinsics: g++ 12 multiplies all 64 bits, which takes
/// many instructions before AVX-512.
inline DoubleWords multiply_low_halves(DoubleWords x, std::uint32_t factor) {
#if defined(__AVX512DQ__)
  return (x & 0xffffffffu) * std::uint64_t{factor};  // one instruction
#elif defined(__AVX2__)
  return (DoubleWords)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(factor));
#elif defined(__SSE2__)
  return (DoubleWords)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(factor));
#else
  return (x & 0xffffffffu) * std::uint64_t{factor};
#endif
}

struct HighAndLow {
  Words high, low;
};
/// Both halves of the product of each word and `factor`.
inline HighAndLow wide_product(Words x, std::uint32_t factor) {
  constexpr std::uint64_t kLow = 0xffffffff;
  const DoubleWords even = multiply_low_halves((DoubleWords)x, factor), odd = multiply_low_halves((DoubleWords)x >> 32, factor);
  return {(Words)((even >> 32) | (odd & ~kLow)), (Words)((even & kLow) | (odd << 32))};
}

/// words[4 lane + w] = word w of the block (rows[lane], blocks[lane], op, step), for 16 lanes at once.
/// Integer work only, so that every variant and core/random.h's philox agree bit for bit.
inline void draw_blocks(const DropoutDraw& draw, const std::uint32_t* rows, const std::uint32_t* blocks, std::uint32_t* words) {
  constexpr std::int64_t kWords = kLanes<std::uint32_t>;
  std::uint32_t results[4][kPhiloxBlocks];
  for (std::int64_t lane = 0; lane < kPhiloxBlocks; lane += kWords) {
    Words c0 = load(rows + lane), c1 = load(blocks + lane), c2 = Words{} + draw.op, c3 = Words{} + draw.step;
    std::uint32_t k0 = static_cast<std::uint32_t>(draw.seed), k1 = static_cast<std::uint32_t>(draw.seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const HighAndLow p0 = wide_product(c0, 0xD2511F53u), p1 = wide_product(c2, 0xCD9E8D57u);
      c0 = p1.high ^ c1 ^ k0;
      c2 = p0.high ^ c3 ^ k1;
      c1 = p1.low;
      c3 = p0.low;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    store(c0, results[0] + lane);
    store(c1, results[1] + lane);
    store(c2, results[2] + lane);
    store(c3, results[3] + lane);
  }
#pragma omp simd
  for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
    words[4 * i] = results[0][i];
    words[4 * i + 1] = results[1][i];
    words[4 * i + 2] = results[2][i];
    words[4 * i + 3] = results[3][i];
  }
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
