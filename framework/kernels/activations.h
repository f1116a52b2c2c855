#pragma once

#include <cstdint>

#include "framework/core/activation.h"

namespace linnet::kernels {

template <class T>
struct ActivationKernels {
  /// y = activation(x). n elements; y may be x.
  void (*forward)(Activation activation, const T* x, std::int64_t n, T* y);
  /// dx = dy * activation'(x). n elements; dx may be dy.
  void (*backward)(Activation activation, const T* x, const T* dy, std::int64_t n, T* dx);
  /// z += bias, then y = activation(z), over a (rows, columns) block with leading dimensions in elements. bias may be null
  /// (none). y may be z: then only the result is kept.
  void (*bias_forward)(Activation activation, const T* bias, std::int64_t rows, std::int64_t columns, T* z, std::int64_t ldz, T* y, std::int64_t ldy);
};

}  // namespace linnet::kernels
