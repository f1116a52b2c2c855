#include "framework/kernels/int8.h"

#if defined(__AMX_INT8__)
#include "framework/kernels/int8_tile_amx.h"
#else
#include "framework/kernels/int8_tile.h"
#endif

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

std::int64_t groups_of(std::int64_t depth) { return (depth + kGroup * kGroupStep - 1) / (kGroup * kGroupStep) * kGroupStep; }
/// An odd number of cache lines: rows one below the other fall on different cache sets.
std::int64_t row_bytes(std::int64_t depth) { return ((groups_of(depth) * 4 + 63) / 64 | 1) * 64; }
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

template <class T>
void multiply(const void* q, const void* packed, std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* row_factors,
              const T* column_factors, T* y, std::int64_t ldy) {
  alignas(64) std::int32_t sums[kTileRows * kPanel];
  const std::int64_t stride = row_bytes(depth), count = (rows + kTileRows - 1) / kTileRows;
  const auto* panel = static_cast<const std::int8_t*>(packed);
  Tiles tiles;
  for (std::int64_t begin = 0; begin < columns; begin += kPanel, panel += panel_bytes(depth)) {
    const std::int64_t width = columns - begin < kPanel ? columns - begin : kPanel;
    // Tiles of nearly equal height: 13 rows are 7 and 6.
    for (std::int64_t i = 0, row = 0; i < count; ++i) {
      const std::int64_t height = (rows - row + count - i - 1) / (count - i);
      tiles.set_rows(height);
      multiply_tile(height, static_cast<const char*>(q) + row * stride, stride, panel, groups_of(depth), sums);
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
          .rows = kTileRows,
          .row_bytes = row_bytes,
          .panel_bytes = panel_bytes,
          .pack = pack,
          .quantize = quantize<T>,
          .multiply = multiply<T>};
}
template Int8Kernels<float> int8_kernels<float>();
template Int8Kernels<double> int8_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
