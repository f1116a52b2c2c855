#pragma once

// Included by kernel files only, inside their variant's namespace: see kernels/math.h.

#include "framework/kernels/dropout.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

constexpr std::int64_t kPhiloxBlocks = 16;  // drawn together: one lane each

/// words[4 lane + w] = word w of the block (rows[lane], blocks[lane], op, step), for 16 lanes at once.
/// Integer work only, so that every variant and core/random.h's philox agree bit for bit.
inline void draw_blocks(const DropoutDraw& draw, const std::uint32_t* rows, const std::uint32_t* blocks, std::uint32_t* words) {
  std::uint32_t c0[kPhiloxBlocks], c1[kPhiloxBlocks], c2[kPhiloxBlocks], c3[kPhiloxBlocks];
  for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
    c0[i] = rows[i];
    c1[i] = blocks[i];
    c2[i] = draw.op;
    c3[i] = draw.step;
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(draw.seed), k1 = static_cast<std::uint32_t>(draw.seed >> 32);
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0[i], p1 = std::uint64_t{0xCD9E8D57u} * c2[i];
      const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1[i] ^ k0;
      const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3[i] ^ k1;
      c1[i] = static_cast<std::uint32_t>(p1);
      c3[i] = static_cast<std::uint32_t>(p0);
      c0[i] = n0;
      c2[i] = n2;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
#pragma omp simd
  for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
    words[4 * i] = c0[i];
    words[4 * i + 1] = c1[i];
    words[4 * i + 2] = c2[i];
    words[4 * i + 3] = c3[i];
  }
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
