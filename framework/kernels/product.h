#pragma once

#include <cstdint>

namespace linnet::kernels {

/// A row-major matrix of leading dimension `ld`, or the transpose of one.
template <class T>
struct ProductOperand {
  const T* data;
  std::int64_t ld;
  bool transposed;
};

/// C (m, n) = alpha A B, or += when `add`, for A (m, k) and B (k, n) with k > 0.
template <class T>
struct Product {
  std::int64_t m, n, k;
  ProductOperand<T> a, b;
  T* c;
  std::int64_t ldc;
  T alpha;
  bool add;
};

template <class T>
struct ProductKernels {
  /// Elements of workspace that multiply needs, 64-byte aligned.
  std::int64_t workspace;
  /// An element's sum runs in an order that k alone decides, by the same operations wherever the element lies: the result
  /// is bitwise the same however a caller cuts C into tiles, and for a row alone as among others. Method: Goto and van de
  /// Geijn 2008, Anatomy of High-Performance Matrix Multiplication.
  void (*multiply)(const Product<T>& job, T* workspace);
};

}  // namespace linnet::kernels
