#pragma once

#include <functional>
#include <span>

#include "framework/core/tensor.h"
#include "framework/kernels/gemm.h"

namespace linnet::ops {

/// A part of a product's result: rows [row, row + rows), columns [column, column + columns).
struct GemmTile {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
  void* data = nullptr;  ///< its elements, in the dtype that was computed in (accumulator_of)
  std::int64_t ld = 0;   ///< from one row of them to the next
};
/// What is done to each tile while it is still in the cache.
using Epilogue = std::function<void(const GemmTile& tile)>;

/// Runs the job in tiles over the thread pool. Results do not depend on the number of threads.
void parallel_gemm(const kernels::Gemm& job, const Epilogue& epilogue = {});

/// A row-major matrix in a tensor's elements, of which `begin` is the first.
struct Matrix {
  const Tensor& tensor;
  std::int64_t begin = 0, ld = 0;  ///< in elements
  kernels::Transpose transpose = kernels::Transpose::no;
};

/// op(a)(m, k) op(b)(k, n), written to the (m, n) matrix of `c` that begins at c_begin and has leading dimension ldc.
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  Matrix a, b;
  Tensor& c;
  std::int64_t c_begin = 0, ldc = 0;
  bool keep_b = false;  ///< b is a weight that will come again: keep what was packed of it (core/derived.h)
};

/// The one place where products of tensors are computed. All three of one float dtype. bfloat16 operands are read as they are and
/// multiplied in float32 (kernels/bfloat16_product.h), float16 ones are widened first (core/widening.h); c is rounded once, after the
/// epilogue. float32 and float64 are the gemm backend's. Nothing is recorded.
void multiply(const Product& product, const Epilogue& epilogue = {});
/// The sum of one or more products that have c, m and n in common, rounded once.
void multiply_sum(std::span<const Product> products, const Epilogue& epilogue = {});

/// a b of two matrices, each transposed first if asked: (m, k) (k, n) -> (m, n). Axes before the last two are batches, which
/// broadcast as NumPy's: (8, 1, m, k) (5, k, n) -> (8, 5, m, n). Saves both. Any float dtype.
/// Throws std::invalid_argument unless both have two axes or more, one dtype, inner extents that agree and batches that broadcast.
Tensor matmul(const Tensor& a, const Tensor& b, kernels::Transpose transpose_a = kernels::Transpose::no,
              kernels::Transpose transpose_b = kernels::Transpose::no);

}  // namespace linnet::ops
