#include "framework/kernels/amx.h"
#include "framework/kernels/bfloat16_panels.h"
#include "framework/kernels/bfloat16_product.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// A block of C, kBlockRows rows by a panel, is four tiles of sums. A step multiplies 32 elements of each row of A with 16 pairs
// of rows of a panel: four tile loads for four tile products, which take twice the loads' time if A lies in the first-level cache.

constexpr std::int64_t kStep = 2 * kPairStep, kStepBytes = 2 * kStep;
constexpr std::int64_t kLongest = 512;  // of k that is summed at once: A's part of it takes two thirds of the first-level cache
/// Bytes between packed rows of A: a little more than kLongest needs so that they do not fall on the same cache sets, as they
/// often would where they lie. That is worth a third of the time.
constexpr std::int64_t kRowBytes = 2 * kLongest + kTileRowBytes;
static_assert(kPairPanel * 4 == 2 * kTileRowBytes);

/// C (up to kBlockRows, kPairPanel) (+)= `steps` steps of packed rows of A and of a panel.
template <bool kBottom>
void block(std::int64_t steps, const char* a, const Bits* panel, float* c, std::int64_t ldc, bool add) {
  if (add) load_sums<kBottom>(c, 4 * ldc);
  else zero_sums<kBottom>();
  const auto* b = reinterpret_cast<const char*>(panel);
  for (std::int64_t s = 0; s < steps; ++s, a += kStepBytes, b += kPairStep * kPairPanel * 4) {
    load_operands<kBottom>(a, kRowBytes, b);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kBottom) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  store_sums<kBottom>(c, 4 * ldc);
}

/// Rows [row, row + rows) of A, columns [begin, begin + depth), filled up with zeros to whole steps.
void pack_rows(const ProductOperand<Bits>& a, std::int64_t row, std::int64_t rows, std::int64_t begin, std::int64_t depth, char* to) {
  for (std::int64_t r = 0; r < rows; ++r, to += kRowBytes) {
    const Bits* from = a.data + (row + r) * a.ld + begin;
    auto* line = reinterpret_cast<Bits*>(to);
    std::int64_t p = 0;
    for (; p + kStep <= depth; p += kStep) __builtin_memcpy(line + p, from + p, kStepBytes);
    for (; p < 2 * pairs_of(depth); ++p) line[p] = p < depth ? from[p] : Bits{0};
  }
}

/// The same of a transpose: 16 rows of as many pairs at once where A has them.
void pack_columns(const ProductOperand<Bits>& a, std::int64_t row, std::int64_t rows, std::int64_t begin, std::int64_t depth, char* to) {
  typedef Bits Half __attribute__((vector_size(kVectorBytes / 2)));
  for (std::int64_t r = 0; r < rows; r += kTileSide, to += kTileSide * kRowBytes) {
    const Bits* from = a.data + begin * a.ld + row + r;
    const std::int64_t height = rows - r < kTileSide ? rows - r : kTileSide;
    std::int64_t p = 0;
    for (; height == kTileSide && p + kStep <= depth; p += kStep) {
      Pairs x[kTileSide];
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kTileSide; ++i) {
        Half first, second;
        __builtin_memcpy(&first, from + (p + 2 * i) * a.ld, sizeof first);
        __builtin_memcpy(&second, from + (p + 2 * i + 1) * a.ld, sizeof second);
        x[i] = __builtin_convertvector(first, Pairs) | __builtin_convertvector(second, Pairs) << 16;
      }
      exchange_all<Pairs, kTileSide, kTileSide / 2>(x);
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kTileSide; ++i) store(x[i], reinterpret_cast<Bits*>(to + i * kRowBytes) + p);
    }
    for (; p < 2 * pairs_of(depth); ++p)
      for (std::int64_t i = 0; i < height; ++i) reinterpret_cast<Bits*>(to + i * kRowBytes)[p] = p < depth ? from[p * a.ld + i] : Bits{0};
  }
}

/// Columns [begin, begin + depth) of A: a row of blocks after the other.
void multiply_slice(const BFloat16Product& job, std::int64_t begin, std::int64_t depth, bool add, char* workspace, Tiles& tiles) {
  const std::int64_t blocks = (job.m + kBlockRows - 1) / kBlockRows, panels = (job.n + kPairPanel - 1) / kPairPanel, ldb = panel_elements(job.k);
  for (std::int64_t i = 0; i < blocks; ++i) {
    // Blocks of nearly equal height: 33 rows are 17 and 16, not 32 and 1.
    const std::int64_t row = i * job.m / blocks, rows = (i + 1) * job.m / blocks - row;
    tiles.set_rows(rows);
    if (job.a.transposed) pack_columns(job.a, row, rows, begin, depth, workspace);
    else pack_rows(job.a, row, rows, begin, depth, workspace);
    written();
    const Bits* b = job.b + begin * kPairPanel;
    float* c = job.c + row * job.ldc;
    for (std::int64_t p = 0; p < panels; ++p, b += ldb, c += kPairPanel)
      (rows > kTileSide ? block<true> : block<false>)(pairs_of(depth) / kPairStep, workspace, b, c, job.ldc, add);
  }
}

void multiply(const BFloat16Product& job, void* workspace) {
  Tiles tiles;
  const std::int64_t steps = pairs_of(job.k) / kPairStep, slices = (steps * kStep + kLongest - 1) / kLongest;
  for (std::int64_t s = 0; s < slices; ++s) {
    const std::int64_t begin = s * steps / slices * kStep, end = s + 1 == slices ? job.k : (s + 1) * steps / slices * kStep;
    multiply_slice(job, begin, end - begin, job.add || s > 0, static_cast<char*>(workspace), tiles);
  }
}

}  // namespace

BFloat16ProductKernels bfloat16_product_kernels() {
  return {.name = "amx",
          .panel = kPairPanel,
          .rows = kBlockRows,
          .tile_rows = 4 * kBlockRows,
          .tile_columns = 768,
          .workspace = kBlockRows * kRowBytes,
          .panel_elements = panel_elements,
          .pack = pack,
          .multiply = multiply};
}

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
