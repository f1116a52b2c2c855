#pragma once

#include <cstdint>

#include "framework/kernels/product.h"

namespace linnet::kernels {

/// C (m, n) = A B in float32, or += when `add`, for bfloat16 matrices A (m, k) and B (k, n), k > 0; B is packed.
struct BFloat16Product {
  std::int64_t m, n, k;
  ProductOperand<std::uint16_t> a;
  const std::uint16_t* b;  ///< what `pack` made of B, or of the panels from a column on that is a multiple of `panel`
  float* c;                ///< with room for whole panels: m rows of ceil(n / panel) panel elements
  std::int64_t ldc;
  bool add;
};

/// Products of bfloat16 matrices, read as they are and summed in float32.
struct BFloat16ProductKernels {
  const char* name;           ///< "portable", "avx2", "avx512", "avx512_bf16" or "amx"
  std::int64_t panel;         ///< columns that lie together in a packed B; the last ones are filled up with zeros
  std::int64_t rows;          ///< rows of C that are computed at once: tiles should be a multiple
  std::int64_t tile_rows;     ///< of C that suit a caller's tile, and columns: few enough for the second-level cache, and
  std::int64_t tile_columns;  ///< enough to be worth the packing of A's rows
  std::int64_t workspace;     ///< bytes that multiply needs, 64-byte aligned

  /// Elements of a packed panel of B (depth, …).
  std::int64_t (*panel_elements)(std::int64_t depth);
  /// panels: ceil(columns / panel) of them, of B (depth, columns).
  void (*pack)(const ProductOperand<std::uint16_t>& b, std::int64_t depth, std::int64_t columns, std::uint16_t* panels);
  /// An element's sum runs in an order that k alone decides: the same bits wherever a caller cuts C. Subnormal elements may
  /// count as zero, as in the processors' own instruction for this.
  void (*multiply)(const BFloat16Product& job, void* workspace);
};

}  // namespace linnet::kernels
