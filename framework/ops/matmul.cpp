#include "framework/ops/matmul.h"

#include <algorithm>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"

namespace linnet::ops {

using kernels::Gemm;
using kernels::Transpose;

namespace {

struct Matrix {
  std::int64_t rows, columns;
};
Matrix matrix_of(const Tensor& tensor, Transpose transpose, std::string_view name) {
  check(tensor.shape().size() == 2, "matmul: ", name, " must be a matrix, got shape ", tensor.shape());
  if (transpose == Transpose::yes) return {tensor.dim(1), tensor.dim(0)};
  return {tensor.dim(0), tensor.dim(1)};
}

/// C = op(a) op(b), unrecorded.
Tensor product(const Tensor& a, Transpose transpose_a, const Tensor& b, Transpose transpose_b) {
  const Matrix left = matrix_of(a, transpose_a, "a"), right = matrix_of(b, transpose_b, "b");
  check(left.columns == right.rows, "matmul: inner extents must agree, got ", left.columns, " and ", right.rows, " (a ", a.shape(), ", b ", b.shape(),
        ")");
  check(a.dtype() == b.dtype(), "matmul: dtypes must agree, got ", a.dtype(), " and ", b.dtype());
  Tensor c = Tensor::empty({left.rows, right.columns}, a.dtype());
  parallel_gemm({.m = left.rows,
                 .n = right.columns,
                 .k = left.columns,
                 .a = {a.raw(), std::max<std::int64_t>(a.dim(1), 1), transpose_a},
                 .b = {b.raw(), std::max<std::int64_t>(b.dim(1), 1), transpose_b},
                 .c = c.mutable_raw(),
                 .ldc = std::max<std::int64_t>(right.columns, 1),
                 .dtype = a.dtype()});
  return c;
}

}  // namespace

void parallel_gemm(const Gemm& job, const std::function<void(const GemmTile&)>& epilogue) {
  if (job.m == 0 || job.n == 0) return;
  const kernels::GemmBackend& backend = kernels::gemm_backend();
  const kernels::GemmTiling tile = backend.tiling(job.m, job.n, job.k, num_threads());
  const std::int64_t down = (job.m + tile.rows - 1) / tile.rows, across = (job.n + tile.columns - 1) / tile.columns;
  const std::int64_t element = size_of(job.dtype);
  const auto at = [&](const void* data, std::int64_t elements) { return static_cast<const std::byte*>(data) + elements * element; };
  parallel_tasks(down * across, [&](std::int64_t i) {
    GemmTile part{.row = i / across * tile.rows, .column = i % across * tile.columns};
    part.rows = std::min(tile.rows, job.m - part.row);
    part.columns = std::min(tile.columns, job.n - part.column);
    Gemm piece = job;
    piece.m = part.rows;
    piece.n = part.columns;
    piece.a.data = at(job.a.data, job.a.transpose == Transpose::yes ? part.row : part.row * job.a.ld);
    piece.b.data = at(job.b.data, job.b.transpose == Transpose::yes ? part.column * job.b.ld : part.column);
    piece.c = const_cast<std::byte*>(at(job.c, part.row * job.ldc + part.column));
    backend.gemm(piece);
    if (epilogue) epilogue(part);
  });
}

Tensor matmul(const Tensor& a, const Tensor& b, Transpose transpose_a, Transpose transpose_b) {
  const Tensor c = product(a, transpose_a, b, transpose_b);
  return record("matmul", {a, b}, c, [=](std::span<const Tensor> grad_outputs) -> Gradients {
    const Tensor& dc = grad_outputs[0];
    const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
    const auto flip = [](bool transposed) { return transposed ? Transpose::no : Transpose::yes; };
    // op(a)' = dc op(b)ᵀ and op(b)' = op(a)ᵀ dc, each transposed back where the operand was.
    const Tensor da = !a.requires_grad() ? Tensor() : ta ? product(b, transpose_b, dc, Transpose::yes) : product(dc, Transpose::no, b, flip(tb));
    const Tensor db = !b.requires_grad() ? Tensor() : tb ? product(dc, Transpose::yes, a, transpose_a) : product(a, flip(ta), dc, Transpose::no);
    return {da, db};
  });
}

}  // namespace linnet::ops
