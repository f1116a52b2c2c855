#pragma once

// Included by kernels/int8.cpp only: tiles of sums in the processor's own.

#include "framework/kernels/amx.h"
#include "framework/kernels/vectors.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// As for the vector registers, but one instruction takes sixteen groups of four signed bytes.
constexpr const char* kName = "amx";
using Element = std::int8_t;
constexpr int kOffset = 0;
constexpr std::int64_t kGroup = 4, kGroupStep = kTileSide;
constexpr std::int64_t kTileRows = kBlockRows, kPanel = 2 * kTileSide;

/// sums (up to kTileRows, kPanel) = quantized rows times a panel.
template <bool kBottom>
void block(const char* q, std::int64_t stride, const char* panel, std::int64_t groups, std::int32_t* sums) {
  zero_sums<kBottom>();
  for (std::int64_t g = 0; g < groups; g += kGroupStep, q += kTileRowBytes, panel += kGroupStep * kPanel * kGroup) {
    load_operands<kBottom>(q, stride, panel);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    if constexpr (kBottom) {
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    }
  }
  store_sums<kBottom>(sums, kPanel * 4);
}

void multiply_tile(std::int64_t height, const char* q, std::int64_t stride, const std::int8_t* panel, std::int64_t groups, std::int32_t* sums) {
  const auto* columns = reinterpret_cast<const char*>(panel) + kPanel * 4;  // behind zeros: nothing is too large here
  (height > kTileSide ? block<true> : block<false>)(q, stride, columns, groups, sums);
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
