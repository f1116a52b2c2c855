#pragma once

// Included by the products of the amx variant only: the processor's tiles, 16 rows of 64 bytes each. Their intrinsics take a tile's
// number as a constant, and those of g++ 12 do not say that they read memory: see `written`.

#include <immintrin.h>

#include <cstdint>

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

constexpr std::int64_t kTileSide = 16, kTileRowBytes = 64;
/// Rows that one block has: two tiles, one below the other, by two tiles of columns.
constexpr std::int64_t kBlockRows = 2 * kTileSide;

/// What was stored before, by a tile or not, is in memory when it is read after.
inline void written() { __asm__ volatile("" ::: "memory"); }

/// Tiles for blocks of `rows` rows, 1 to kBlockRows: 0 to 3 for sums (top left, top right, bottom left, bottom right), 4 and 5
/// for rows of A (top, bottom), 6 and 7 for columns of B (left, right). A block of up to kTileSide rows has no bottom.
class Tiles {
 public:
  Tiles() = default;
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
  ~Tiles() {
    if (rows_ != 0) _tile_release();  // a thread that leaves tiles in use is slower to switch
  }

  void set_rows(std::int64_t rows) {
    if (rows == rows_) return;
    const auto top = static_cast<std::uint8_t>(rows < kTileSide ? rows : kTileSide), bottom = static_cast<std::uint8_t>(rows - top);
    const std::uint8_t heights[] = {top, top, bottom, bottom, top, bottom, kTileSide, kTileSide};
    alignas(64) Config config = {};
    config.palette = 1;
    for (int t = 0; t < 8; ++t) {
      config.heights[t] = heights[t];
      config.row_bytes[t] = heights[t] == 0 ? std::uint16_t{0} : std::uint16_t{kTileRowBytes};
    }
    written();
    _tile_loadconfig(&config);
    rows_ = rows;
  }

 private:
  struct Config {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t row_bytes[16];
    std::uint8_t heights[16];
  };
  static_assert(sizeof(Config) == 64);

  std::int64_t rows_ = 0;
};

/// Sums of a block, each tile (…, 16) of 4-byte elements: zeros, or what lies at c with rows of `row` bytes.
template <bool kBottom>
inline void zero_sums() {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kBottom) {
    _tile_zero(2);
    _tile_zero(3);
  }
}
template <bool kBottom>
inline void load_sums(const void* c, std::int64_t row) {
  const auto* from = static_cast<const char*>(c);
  _tile_loadd(0, from, row);
  _tile_loadd(1, from + kTileRowBytes, row);
  if constexpr (kBottom) {
    _tile_loadd(2, from + kTileSide * row, row);
    _tile_loadd(3, from + kTileSide * row + kTileRowBytes, row);
  }
}
template <bool kBottom>
inline void store_sums(void* c, std::int64_t row) {
  auto* to = static_cast<char*>(c);
  _tile_stored(0, to, row);
  _tile_stored(1, to + kTileRowBytes, row);
  if constexpr (kBottom) {
    _tile_stored(2, to + kTileSide * row, row);
    _tile_stored(3, to + kTileSide * row + kTileRowBytes, row);
  }
  written();
}

/// The operands of one step: 64 bytes of each row of A, `row` bytes apart, and 16 lines of a panel of B, two tiles side by side.
template <bool kBottom>
inline void load_operands(const char* a, std::int64_t row, const char* b) {
  _tile_loadd(6, b, 2 * kTileRowBytes);
  _tile_loadd(4, a, row);
  _tile_loadd(7, b + kTileRowBytes, 2 * kTileRowBytes);
  if constexpr (kBottom) _tile_loadd(5, a + kTileSide * row, row);
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
