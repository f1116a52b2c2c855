#pragma once

#include <cstdint>

namespace linnet::kernels {

/// Functions of one number: ops/unary.h.
enum class Unary : std::uint8_t { abs, ceil, cos, erf, exp, expm1, floor, log, log1p, reciprocal, round, rsqrt, sign, sin, sqrt, square };

template <class T>
struct UnaryKernels {
  /// y = f(x). n elements; y may be x.
  void (*forward)(Unary f, const T* x, std::int64_t n, T* y);
  /// dx = dy f'(x). n elements; dx may be dy.
  void (*backward)(Unary f, const T* x, const T* dy, std::int64_t n, T* dx);
};

}  // namespace linnet::kernels
