#include "framework/ops/bfloat16_product.h"

#include <algorithm>
#include <vector>

#include "framework/core/derived.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"

namespace linnet::ops {

using kernels::BFloat16ProductKernels;
using kernels::Transpose;

namespace {

const BFloat16ProductKernels& kernel() { return kernels::table<float>().bfloat16_product; }

kernels::ProductOperand<std::uint16_t> operand(const Matrix& matrix) {
  return {static_cast<const std::uint16_t*>(matrix.tensor.raw()) + matrix.begin, matrix.ld, matrix.transpose == Transpose::yes};
}
/// The part of an operand that begins at row `row` of A.
kernels::ProductOperand<std::uint16_t> from_row(kernels::ProductOperand<std::uint16_t> a, std::int64_t row) {
  a.data += a.transposed ? row : row * a.ld;
  return a;
}

/// b in panels, all of it.
Tensor pack(const Product& product) {
  const std::int64_t panel = kernel().panel, panels = (product.n + panel - 1) / panel, elements = kernel().panel_elements(product.k);
  Tensor packed = Tensor::empty({panels * elements}, DType::bfloat16);
  auto* to = static_cast<std::uint16_t*>(packed.mutable_raw());
  const kernels::ProductOperand<std::uint16_t> b = operand(product.b);
  parallel_rows(panels, 2 * elements, [&](std::int64_t begin, std::int64_t end) {
    kernels::ProductOperand<std::uint16_t> part = b;
    part.data += b.transposed ? begin * panel * b.ld : begin * panel;
    kernel().pack(part, product.k, std::min(end * panel, product.n) - begin * panel, to + begin * elements);
  });
  return packed;
}

Tensor packed(const Product& product) {
  if (!product.keep_b) return pack(product);
  const bool transposed = product.b.transpose == Transpose::yes;
  return derived(product.b.tensor,
                 {transposed ? "bfloat16 panels of the transpose" : "bfloat16 panels", {product.k, product.n, product.b.begin, product.b.ld}},
                 [&] { return pack(product); });
}

/// How a result of (m, n) is cut: results do not depend on it.
kernels::GemmTiling tiling(std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr std::int64_t kFlopsPerTile = 1 << 21;
  const std::int64_t panel = kernel().panel, height = kernel().tile_rows, width = kernel().tile_columns, wanted = 2 * num_threads();
  if (2 * m * n * k < 2 * kFlopsPerTile) return {m, n};
  std::int64_t down = (m + height - 1) / height, across = (n + width - 1) / width;
  const auto columns = [&] { return ((n + across - 1) / across + panel - 1) / panel * panel; };
  while (down * across < wanted && columns() > panel && 2 * m * n * k / (down * across) >= 2 * kFlopsPerTile) across *= 2;
  const std::int64_t rows = (m + down - 1) / down;
  return {(rows + kernel().rows - 1) / kernel().rows * kernel().rows, columns()};
}

}  // namespace

void multiply_bfloat16(std::span<const Product> products, const Epilogue& epilogue) {
  const Product& first = products.front();
  if (first.m == 0 || first.n == 0) return;
  std::vector<Tensor> panels;
  std::int64_t depth = 0;
  for (const Product& product : products) {
    panels.push_back(packed(product));
    depth += product.k;
  }
  const kernels::GemmTiling tile = tiling(first.m, first.n, depth);
  const std::int64_t down = (first.m + tile.rows - 1) / tile.rows, across = (first.n + tile.columns - 1) / tile.columns, panel = kernel().panel;
  const std::int64_t ld = (tile.columns + panel - 1) / panel * panel;
  auto* c = static_cast<std::uint16_t*>(first.c.mutable_raw()) + first.c_begin;
  parallel_tasks(down * across, [&](std::int64_t i) {
    // Downwards: the panels of a column of tiles, the larger operand, stay in the second-level cache meanwhile.
    GemmTile part{.row = i % down * tile.rows, .column = i / down * tile.columns, .ld = ld};
    part.rows = std::min(tile.rows, first.m - part.row);
    part.columns = std::min(tile.columns, first.n - part.column);
    Tensor sums = Tensor::empty({part.rows, ld}), workspace = Tensor::empty({kernel().workspace}, DType::int8);
    float* sum = sums.mutable_data<float>().data();
    part.data = sum;
    if (depth == 0) std::ranges::fill(sums.mutable_data<float>(), 0.0f);
    bool add = false;
    for (std::size_t p = 0; p < products.size(); ++p) {
      const Product& product = products[p];
      if (product.k == 0) continue;
      const auto* b = static_cast<const std::uint16_t*>(panels[p].raw()) + part.column / panel * kernel().panel_elements(product.k);
      kernel().multiply({part.rows, part.columns, product.k, from_row(operand(product.a), part.row), b, sum, ld, add}, workspace.mutable_raw());
      add = true;
    }
    if (epilogue) epilogue(part);
    kernels::table<float>().convert.to_bfloat16(sum, ld, part.rows, part.columns, c + part.row * first.ldc + part.column, first.ldc);
  });
}

}  // namespace linnet::ops
