#pragma once

#include <cstdint>

namespace linnet::kernels {

/// What one dropout op draws from; see core/random.h. An element is kept when its word is at least `threshold`.
struct DropoutDraw {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, op = 0;
  std::uint32_t threshold = 0;  ///< round(rate * 2^32)
  double scale = 1;             ///< 1 / (1 - rate)
};

template <class T>
struct DropoutKernels {
  /// y = x * keep * scale + residual. x, y, residual: (rows, columns); residual may be null (zeros); y may be x or residual.
  /// Element (r, c) draws word c % 4 of Philox counter (global_rows[r], c / 4, op, step).
  void (*apply)(const DropoutDraw& draw, const T* x, const T* residual, const std::uint32_t* global_rows, std::int64_t rows, std::int64_t columns,
                T* y);
};

}  // namespace linnet::kernels
