#pragma once

#include <functional>

#include "framework/core/tensor.h"
#include "framework/kernels/gemm.h"

namespace linnet::ops {

/// A part of a gemm's result: rows [row, row + rows), columns [column, column + columns).
struct GemmTile {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
};

/// Runs the job in tiles over the thread pool; `epilogue` sees each tile while it is still in the cache. Results
/// do not depend on the number of threads.
void parallel_gemm(const kernels::Gemm& job, const std::function<void(const GemmTile&)>& epilogue = {});

/// a b of two matrices, each transposed first if asked: (m, k) (k, n) -> (m, n). Axes before the last two are batches, which
/// broadcast as NumPy's: (8, 1, m, k) (5, k, n) -> (8, 5, m, n). Saves both. float32 or float64.
/// Throws std::invalid_argument unless both have two axes or more, one dtype, inner extents that agree and batches that broadcast.
Tensor matmul(const Tensor& a, const Tensor& b, kernels::Transpose transpose_a = kernels::Transpose::no,
              kernels::Transpose transpose_b = kernels::Transpose::no);

}  // namespace linnet::ops
