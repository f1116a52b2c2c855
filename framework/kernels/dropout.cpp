#include "framework/kernels/dropout.h"

#include "framework/kernels/philox.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

constexpr std::int64_t kColumns = 4 * kPhiloxBlocks;  // drawn together

/// The words of kColumns columns of one row from column block `first_block` on.
inline void draw_columns(const DropoutDraw& draw, std::uint32_t global_row, std::uint32_t first_block, std::uint32_t* words) {
  std::uint32_t rows[kPhiloxBlocks], blocks[kPhiloxBlocks];
  for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
    rows[i] = global_row;
    blocks[i] = first_block + static_cast<std::uint32_t>(i);
  }
  draw_blocks(draw, rows, blocks, words);
}

template <class T>
void apply(const DropoutDraw& draw, const T* x, const T* residual, const std::uint32_t* global_rows, std::int64_t rows, std::int64_t columns, T* y) {
  const T scale = static_cast<T>(draw.scale);
  std::uint32_t words[kColumns];
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t begin = 0; begin < columns; begin += kColumns) {
      draw_columns(draw, global_rows[r], static_cast<std::uint32_t>(begin / 4), words);
      const std::int64_t n = columns - begin < kColumns ? columns - begin : kColumns;
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

}  // namespace

template <class T>
DropoutKernels<T> dropout_kernels() {
  return {.apply = apply<T>};
}
template DropoutKernels<float> dropout_kernels<float>();
template DropoutKernels<double> dropout_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
