#include "framework/ops/dense.h"

#include <algorithm>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/activations.h"
#include "framework/ops/cost.h"
#include "framework/ops/matmul.h"
#include "framework/ops/row_blocks.h"

namespace linnet::ops {

using kernels::Transpose;

namespace {

/// Extents of x (rows, in) and of one result (rows, out).
struct Extents {
  std::int64_t rows, in, out;
};

Extents extents_of(const Tensor& x, const DenseWeights& weights) {
  const Tensor &kernel = weights.kernel, &bias = weights.bias;
  check(!x.shape().empty(), "dense: input must have at least one axis, got a scalar");
  const std::int64_t in = x.dim(-1);
  std::int64_t leading = 1;
  std::size_t axis = 0;
  while (axis < kernel.shape().size() && (axis == 0 || leading != in)) leading *= kernel.shape()[axis++];
  check(axis > 0 && leading == in, "dense: input must have ", kernel.shape().empty() ? 0 : kernel.dim(0), " features, got ", in, " (input ",
        x.shape(), ", kernel ", kernel.shape(), ")");
  const std::int64_t out = element_count({kernel.shape().begin() + static_cast<std::ptrdiff_t>(axis), kernel.shape().end()});
  check(!bias.defined() || bias.size() == out, "dense: bias must have ", out, " elements, got shape ", bias.defined() ? bias.shape() : Shape{});
  check(x.dtype() == kernel.dtype() && (!bias.defined() || bias.dtype() == x.dtype()), "dense: input, kernel and bias must have one dtype, got ",
        x.dtype(), ", ", kernel.dtype(), bias.defined() ? cat(" and ", bias.dtype()) : "");
  return {in == 0 ? element_count({x.shape().begin(), x.shape().end() - 1}) : x.size() / in, in, out};
}

/// Of activation(x kernel + bias): bias and activation are one operation an element each, the products of backward one for each operand
/// that wants a gradient. `kept`: the pre-activation is saved.
OpCost cost_of(const Tensor& x, const DenseWeights& weights, const Extents& size, Activation activation, bool kept) {
  const auto rows = static_cast<double>(size.rows), in = static_cast<double>(size.in), out = static_cast<double>(size.out);
  const double product = 2 * rows * in * out, results = rows * out, result = results * static_cast<double>(size_of(x.dtype()));
  const double kernel = bytes_of(weights.kernel), bias = bytes_of(weights.bias);
  const bool active = activation != Activation::linear;
  OpCost cost{{product + (weights.bias.defined() ? results : 0) + (active ? results : 0), bytes_of(x) + kernel + bias + (kept ? 2 : 1) * result}, {}};
  cost.backward = active ? Cost{results, 3 * result} : Cost{0, result};  // dz from z and dy, or dy as it is
  const auto add = [&](bool wanted, double flops, double bytes) {
    if (!wanted) return;
    cost.backward.flops += flops;
    cost.backward.bytes += bytes;
  };
  add(x.requires_grad(), product, kernel + bytes_of(x));
  add(weights.kernel.requires_grad(), product, bytes_of(x) + kernel);
  add(weights.bias.defined() && weights.bias.requires_grad(), results, bias);
  return cost;
}

/// Columns [column, column + out) of y (rows, width) become activation(x kernel + bias); those of z, unless it is undefined, the
/// pre-activation.
void forward(const Tensor& x, const DenseWeights& weights, const Extents& size, Activation activation, Tensor z, Tensor& y, std::int64_t width,
             std::int64_t column) {
  const bool keep_kernel = !recording({x, weights.kernel, weights.bias});
  dispatch_real(x.dtype(), "dense", [&]<class T>() {
    const auto& activations = kernels::table<T>().activations;
    const T* bias = weights.bias.defined() ? weights.bias.data<T>().data() : nullptr;
    const BlockWriter<T> before = z.defined() ? BlockWriter<T>(z, column, width) : BlockWriter<T>();
    const auto epilogue = [&](const GemmTile& tile) {
      T* data = static_cast<T*>(tile.data);
      const T* own_bias = bias ? bias + tile.column : nullptr;
      if (!z.defined()) return activations.bias_forward(activation, own_bias, tile.rows, tile.columns, data, tile.ld, data, tile.ld);
      activations.bias_forward(Activation::linear, own_bias, tile.rows, tile.columns, data, tile.ld, data, tile.ld);
      before.copy({data, tile.ld}, tile.row, tile.rows, tile.column, tile.columns);
      activations.bias_forward(activation, nullptr, tile.rows, tile.columns, data, tile.ld, data, tile.ld);
    };
    const bool plain = !bias && activation == Activation::linear;
    multiply({.m = size.rows,
              .n = size.out,
              .k = size.in,
              .a = {x, 0, size.in},
              .b = {weights.kernel, 0, size.out},
              .c = y,
              .c_begin = column,
              .ldc = width,
              .keep_b = keep_kernel},
             plain ? Epilogue() : epilogue);
  });
}

/// dy activation'(z), elementwise.
Tensor activation_backward(Activation activation, const Tensor& z, const Tensor& dy) {
  constexpr std::int64_t kBlock = 2048;
  Tensor dz = Tensor::like(dy);
  dispatch_real(dy.dtype(), "dense", [&]<class T>() {
    const auto from = BlockReader<T>::in_scope(z, 0, 0), from_dy = BlockReader<T>::in_scope(dy, 0, 0);
    const auto to = BlockWriter<T>::in_scope(dz, 0, 0);
    parallel_rows(dy.size(), 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; at += kBlock) {
        T space[3 * kBlock], *buffer = space;
        const std::int64_t count = std::min(kBlock, end - at);
        const Block<const T> pz = from.at(0, 1, at, count, buffer), pdy = from_dy.at(0, 1, at, count, buffer);
        const Block<T> out = to.at(0, 1, at, count, buffer);
        kernels::table<T>().activations.backward(activation, pz.data, pdy.data, count, out.data);
        to.put(out, 0, 1, at, count);
      }
    });
  });
  return dz;
}

/// Sum over rows of columns [column, column + out) of dz (rows, width), with the shape of `bias`.
Tensor bias_gradient(const Tensor& bias, const Tensor& dz, const Extents& size, std::int64_t width, std::int64_t column) {
  constexpr std::int64_t kColumns = 128;  // whole cache lines of each row
  Tensor gradient = Tensor::like(bias);
  dispatch_real(dz.dtype(), "dense", [&]<class T>() {
    const auto from = BlockReader<T>::in_scope(dz, column, width);
    T* sums = gradient.mutable_data<T>().data();
    parallel_rows((size.out + kColumns - 1) / kColumns, size.rows * kColumns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin * kColumns; c < std::min(end * kColumns, size.out); c += kColumns) {
        const std::int64_t count = std::min(kColumns, size.out - c);
        std::fill_n(sums + c, count, T(0));
        for (std::int64_t r = 0; r < size.rows; ++r) {
          T space[kColumns], *buffer = space;
          kernels::table<T>().reduce.add(from.at(r, 1, c, count, buffer).data, count, sums + c);
        }
      }
    });
  });
  return gradient;
}

/// xᵀ dz with the shape of `kernel`.
Tensor kernel_gradient(const Tensor& x, const Tensor& kernel, const Tensor& dz, const Extents& size, std::int64_t width, std::int64_t column) {
  Tensor gradient = Tensor::like(kernel);
  multiply(
      {.m = size.in, .n = size.out, .k = size.rows, .a = {x, 0, size.in, Transpose::yes}, .b = {dz, column, width}, .c = gradient, .ldc = size.out});
  return gradient;
}

/// dz kernelᵀ (rows, in), summed over the parts that lie side by side in dz (rows, width).
Tensor input_gradient(const Tensor& x, std::span<const DenseWeights> parts, const Tensor& dz, std::span<const Extents> sizes, std::int64_t width) {
  Tensor dx = Tensor::like(x);
  std::vector<Product> products;
  for (std::size_t i = 0, column = 0; i < parts.size(); column += static_cast<std::size_t>(sizes[i++].out))
    products.push_back({.m = sizes[i].rows,
                        .n = sizes[i].in,
                        .k = sizes[i].out,
                        .a = {dz, static_cast<std::int64_t>(column), width},
                        .b = {parts[i].kernel, 0, sizes[i].out, Transpose::yes},
                        .c = dx,
                        .ldc = sizes[i].in});
  multiply_sum(products);
  return dx;
}

Shape with_last(Shape shape, std::int64_t last) {
  shape.back() = last;
  return shape;
}

}  // namespace

Tensor concatenated_dense(const Tensor& x, std::span<const DenseWeights> parts) {
  check(!parts.empty(), "concatenated_dense: there must be at least one part, got none");
  std::vector<Extents> sizes;
  std::vector<Tensor> inputs{x};
  std::int64_t width = 0;
  for (const DenseWeights& part : parts) {
    sizes.push_back(extents_of(x, part));
    inputs.insert(inputs.end(), {part.kernel, part.bias});
    width += sizes.back().out;
  }
  const ProfileScope profiled("concatenated_dense", [&] {  // the input is read once, and its gradient written once
    OpCost sum;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const OpCost cost = cost_of(x, parts[i], sizes[i], Activation::linear, false);
      const double again = i == 0 ? 0 : bytes_of(x);
      const bool reads = parts[i].kernel.requires_grad(), writes = x.requires_grad();
      sum.forward = {sum.forward.flops + cost.forward.flops, sum.forward.bytes + cost.forward.bytes - again};
      sum.backward = {sum.backward.flops + cost.backward.flops, sum.backward.bytes + cost.backward.bytes - again * (reads + writes)};
    }
    return sum;
  });
  Tensor y = Tensor::empty(with_last(x.shape(), width), x.dtype());
  {
    const WideningScope once;  // float16: the parts share the widened input, and y is rounded once
    for (std::size_t i = 0, column = 0; i < parts.size(); column += static_cast<std::size_t>(sizes[i++].out))
      forward(x, parts[i], sizes[i], Activation::linear, {}, y, width, static_cast<std::int64_t>(column));
  }
  return record("concatenated_dense", inputs, y, [=, weights = std::vector<DenseWeights>(parts.begin(), parts.end())](std::span<const Tensor> dy) {
    const WideningScope once;  // float16: dx is a sum over the parts
    Gradients gradients(1);
    if (x.requires_grad()) gradients[0] = input_gradient(x, weights, dy[0], sizes, width);
    std::int64_t column = 0;
    for (std::size_t i = 0; i < weights.size(); column += sizes[i++].out) {
      const auto& [kernel, bias] = weights[i];
      gradients.push_back(kernel.requires_grad() ? kernel_gradient(x, kernel, dy[0], sizes[i], width, column) : Tensor());
      gradients.push_back(bias.requires_grad() ? bias_gradient(bias, dy[0], sizes[i], width, column) : Tensor());
    }
    return gradients;
  });
}

Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias, Activation activation) {
  if (!is_elementwise(activation)) return activate(dense(x, kernel, bias), activation);
  const Extents size = extents_of(x, {kernel, bias});
  const bool keep = activation != Activation::linear && recording({x, kernel, bias});
  const ProfileScope profiled("dense", [&] { return cost_of(x, {kernel, bias}, size, activation, keep); });
  Tensor y = Tensor::empty(with_last(x.shape(), size.out), x.dtype());
  const Tensor z = keep ? Tensor::like(y) : Tensor();
  forward(x, {kernel, bias}, size, activation, z, y, size.out, 0);

  return record("dense", {x, kernel, bias}, y, [=](std::span<const Tensor> dy) -> Gradients {
    const WideningScope once;  // float16: dz is not rounded before the three products, small as it is
    const Tensor dz = activation == Activation::linear ? dy[0] : activation_backward(activation, z, dy[0]);
    Gradients gradients(3);
    const DenseWeights part[] = {{kernel, bias}};
    if (x.requires_grad()) gradients[0] = input_gradient(x, part, dz, {&size, 1}, size.out);
    if (kernel.requires_grad()) gradients[1] = kernel_gradient(x, kernel, dz, size, size.out, 0);
    if (bias.requires_grad()) gradients[2] = bias_gradient(bias, dz, size, size.out, 0);
    return gradients;
  });
}

}  // namespace linnet::ops
