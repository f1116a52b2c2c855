#include "framework/ops/matmul.h"

#include <algorithm>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/bfloat16_product.h"
#include "framework/ops/broadcast.h"
#include "framework/ops/cost.h"

namespace linnet::ops {

using kernels::Gemm;
using kernels::Transpose;

namespace {

/// The last two axes of an operand as the product sees them, and the axes before them.
struct Matrices {
  const Tensor& tensor;
  Transpose transpose;
  std::int64_t rows, columns;
  Shape batch;
  std::int64_t ld() const { return std::max<std::int64_t>(tensor.dim(-1), 1); }
};
Matrices matrices_of(const Tensor& tensor, Transpose transpose, std::string_view name) {
  check(tensor.shape().size() >= 2, "matmul: ", name, " must have two axes or more, got shape ", tensor.shape());
  const bool flipped = transpose == Transpose::yes;
  return {tensor, transpose, tensor.dim(flipped ? -1 : -2), tensor.dim(flipped ? -2 : -1), {tensor.shape().begin(), tensor.shape().end() - 2}};
}

/// Of a product with `terms` in each sum, and in backward of one for each operand that wants a gradient.
OpCost cost_of(const Tensor& a, const Tensor& b, const Tensor& c, std::int64_t terms) {
  const double flops = 2 * static_cast<double>(c.size()) * static_cast<double>(terms);
  OpCost cost{{flops, bytes_of(a, b, c)}, {0, 0}};
  if (a.requires_grad()) cost.backward = {flops, bytes_of(a, b, c)};
  if (b.requires_grad()) cost.backward = {cost.backward.flops + flops, cost.backward.bytes + bytes_of(a, b) + (a.requires_grad() ? 0 : bytes_of(c))};
  return cost;
}

/// C = op(a) op(b), unrecorded.
Tensor product(const Tensor& a, Transpose transpose_a, const Tensor& b, Transpose transpose_b) {
  const Matrices left = matrices_of(a, transpose_a, "a"), right = matrices_of(b, transpose_b, "b");
  check(left.columns == right.rows, "matmul: inner extents must agree, got ", left.columns, " and ", right.rows, " (a ", a.shape(), ", b ", b.shape(),
        ")");
  check(a.dtype() == b.dtype(), "matmul: dtypes must agree, got ", a.dtype(), " and ", b.dtype());
  const Broadcast batch("matmul", left.batch, right.batch);
  Shape shape = batch.shape();
  const std::int64_t products = element_count(shape);
  shape.insert(shape.end(), {left.rows, right.columns});
  Tensor c = Tensor::empty(shape, a.dtype());
  const WideningScope once;  // the products of the batch share their tensors
  const auto one = [&](std::int64_t rows, std::int64_t of_a, std::int64_t of_b, std::int64_t of_c) {
    multiply({.m = rows,
              .n = right.columns,
              .k = left.columns,
              .a = {a, of_a * left.rows * left.columns, left.ld(), transpose_a},
              .b = {b, of_b * right.rows * right.columns, right.ld(), transpose_b},
              .c = c,
              .c_begin = of_c * left.rows * right.columns,
              .ldc = std::max<std::int64_t>(right.columns, 1)});
  };
  if (right.batch.empty() && transpose_a == Transpose::no) {
    one(products * left.rows, 0, 0, 0);  // one matrix on the right: all batches of a are rows of one product
    return c;
  }
  const std::vector<std::int64_t> of_a = batch.places(left.batch), of_b = batch.places(right.batch);
  parallel_tasks(products, [&](std::int64_t i) { one(left.rows, of_a[static_cast<std::size_t>(i)], of_b[static_cast<std::size_t>(i)], i); });
  return c;
}

Cost cost_of(const Gemm& job) {
  const auto m = static_cast<double>(job.m), n = static_cast<double>(job.n), k = static_cast<double>(job.k);
  return {2 * m * n * k, (m * k + k * n + m * n) * static_cast<double>(size_of(job.dtype))};
}

/// The rows of all batches as one matrix.
Tensor as_rows(const Tensor& x) { return x.reshape({element_count({x.shape().begin(), x.shape().end() - 1}), x.dim(-1)}); }

}  // namespace

void parallel_gemm(const Gemm& job, const Epilogue& epilogue) {
  if (job.m == 0 || job.n == 0) return;
  const ProfileScope profiled("matrix product", ProfilePass::part, cost_of(job));
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
    part.data = piece.c;
    part.ld = job.ldc;
    if (epilogue) epilogue(part);
  });
}

void multiply(const Product& product, const Epilogue& epilogue) { multiply_sum({&product, 1}, epilogue); }

void multiply_sum(std::span<const Product> products, const Epilogue& epilogue) {
  if (products[0].c.dtype() == DType::bfloat16) return multiply_bfloat16(products, epilogue);
  dispatch_real(products[0].c.dtype(), "matmul", [&]<class T>() {
    const auto operand = [](const Matrix& matrix) {
      return kernels::GemmOperand{matrix.tensor.data<T>().data() + matrix.begin, matrix.ld, matrix.transpose};
    };
    for (const Product& product : products) {
      const bool first = &product == &products.front(), last = &product == &products.back();
      parallel_gemm({.m = product.m,
                     .n = product.n,
                     .k = product.k,
                     .a = operand(product.a),
                     .b = operand(product.b),
                     .c = product.c.mutable_data<T>().data() + product.c_begin,
                     .ldc = product.ldc,
                     .dtype = dtype_of<T>,
                     .beta = first ? 0.0 : 1.0},
                    last ? epilogue : Epilogue());
    }
  });
}

Tensor matmul(const Tensor& a, const Tensor& b, Transpose transpose_a, Transpose transpose_b) {
  ProfileScope profiled("matmul");
  const Tensor c = product(a, transpose_a, b, transpose_b);
  profiled.set_cost([&] { return cost_of(a, b, c, a.dim(transpose_a == Transpose::yes ? -2 : -1)); });
  return record("matmul", {a, b}, c, [=](std::span<const Tensor> grad_outputs) -> Gradients {
    const Tensor& dc = grad_outputs[0];
    const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
    const auto flip = [](bool transposed) { return transposed ? Transpose::no : Transpose::yes; };
    Gradients gradients(2);
    // op(a)' = dc op(b)ᵀ and op(b)' = op(a)ᵀ dc, each transposed back where the operand was.
    if (a.requires_grad())
      gradients[0] = Broadcast::sum_to(ta ? product(b, transpose_b, dc, Transpose::yes) : product(dc, Transpose::no, b, flip(tb)), a.shape());
    if (!b.requires_grad()) return gradients;
    if (b.shape().size() == 2 && a.shape().size() > 2 && !ta) {
      // One matrix for all batches: the sum over them is one product of all their rows.
      gradients[1] =
          tb ? product(as_rows(dc), Transpose::yes, as_rows(a), Transpose::no) : product(as_rows(a), Transpose::yes, as_rows(dc), Transpose::no);
    } else {
      gradients[1] = Broadcast::sum_to(tb ? product(dc, Transpose::yes, a, transpose_a) : product(a, flip(ta), dc, Transpose::no), b.shape());
    }
    return gradients;
  });
}

}  // namespace linnet::ops
