#pragma once

#include "framework/ops/matmul.h"

namespace linnet::ops {

/// multiply_sum for bfloat16 tensors. Operands are read as they are; the second is packed first, once for all tiles, and a tile of
/// the result is float32 until it is rounded.
void multiply_bfloat16(std::span<const Product> products, const Epilogue& epilogue);

}  // namespace linnet::ops
