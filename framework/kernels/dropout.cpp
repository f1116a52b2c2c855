#include "framework/kernels/dropout.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

constexpr std::int64_t kBlocks = 16;  // Philox blocks drawn together: one lane each

/// words[lane + 16 w] = word w of block first_block + lane, for 16 blocks at once. Integer work only, so that every variant
/// and core/random.h's philox agree bit for bit.
inline void draw_blocks(const DropoutDraw& draw, std::uint32_t global_row, std::uint32_t first_block, std::uint32_t* words) {
  std::uint32_t c0[kBlocks], c1[kBlocks], c2[kBlocks], c3[kBlocks];
  for (std::int64_t i = 0; i < kBlocks; ++i) {
    c0[i] = global_row;
    c1[i] = first_block + static_cast<std::uint32_t>(i);
    c2[i] = draw.op;
    c3[i] = draw.step;
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(draw.seed), k1 = static_cast<std::uint32_t>(draw.seed >> 32);
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (std::int64_t i = 0; i < kBlocks; ++i) {
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
  for (std::int64_t i = 0; i < kBlocks; ++i) {
    words[4 * i] = c0[i];
    words[4 * i + 1] = c1[i];
    words[4 * i + 2] = c2[i];
    words[4 * i + 3] = c3[i];
  }
}

template <class T>
void apply(const DropoutDraw& draw, const T* x, const T* residual, const std::uint32_t* global_rows, std::int64_t rows, std::int64_t columns,
           T* y) {
  const T scale = static_cast<T>(draw.scale);
  std::uint32_t words[4 * kBlocks];
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t begin = 0; begin < columns; begin += 4 * kBlocks) {
      draw_blocks(draw, global_rows[r], static_cast<std::uint32_t>(begin / 4), words);
      const std::int64_t n = columns - begin < 4 * kBlocks ? columns - begin : 4 * kBlocks;
      const T* xr = x + r * columns + begin;
      T* yr = y + r * columns + begin;
      if (residual) {
        const T* rr = residual + r * columns + begin;
#pragma omp simd
        for (std::int64_t c = 0; c < n; ++c) yr[c] = (words[c] >= draw.threshold ? xr[c] * scale : T(0)) + rr[c];
      } else {
#pragma omp simd
        for (std::int64_t c = 0; c < n; ++c) yr[c] = words[c] >= draw.threshold ? xr[c] * scale : T(0);
      }
    }
  }
}

template <class T>
void mask_row(const DropoutDraw& draw, std::uint32_t global_row, std::uint32_t first_block, std::int64_t columns, T* mask) {
  const T scale = static_cast<T>(draw.scale);
  std::uint32_t words[4 * kBlocks];
  for (std::int64_t begin = 0; begin < columns; begin += 4 * kBlocks) {
    draw_blocks(draw, global_row, first_block + static_cast<std::uint32_t>(begin / 4), words);
    const std::int64_t n = columns - begin < 4 * kBlocks ? columns - begin : 4 * kBlocks;
#pragma omp simd
    for (std::int64_t c = 0; c < n; ++c) mask[begin + c] = words[c] >= draw.threshold ? scale : T(0);
  }
}

}  // namespace

template <class T>
DropoutKernels<T> dropout_kernels() {
  return {.apply = apply<T>, .mask_row = mask_row<T>};
}
template DropoutKernels<float> dropout_kernels<float>();
template DropoutKernels<double> dropout_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
