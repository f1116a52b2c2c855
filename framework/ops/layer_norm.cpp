#include "framework/ops/layer_norm.h"

#include <algorithm>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/cost.h"
#include "framework/ops/dropout.h"
#include "framework/ops/row_blocks.h"

namespace linnet::ops {
namespace {

constexpr std::int64_t kRowsPerPart = 64;  // rows that share one partial sum of dgamma and dbeta

struct Norm {
  Tensor gamma, beta;
  double epsilon;
};

std::int64_t columns_of(std::string_view op, const Tensor& x, const Norm& norm) {
  check(!x.shape().empty(), op, ": input must have at least one axis, got a scalar");
  const std::int64_t columns = x.dim(-1);
  for (const auto& [name, weight] : {std::pair{"gamma", norm.gamma}, std::pair{"beta", norm.beta}})
    if (weight.defined()) {
      check(weight.shape() == Shape{columns}, op, ": ", name, " must have shape ", Shape{columns}, ", got ", weight.shape());
      check(weight.dtype() == x.dtype() || weight.dtype() == accumulator_of(x.dtype()), op, ": ", name, " must have the input's dtype ", x.dtype(),
            is_half(x.dtype()) ? " or float32" : "", ", got ", weight.dtype());
    }
  return columns;
}

template <class T>
const T* pointer(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>().data() : nullptr;
}

/// Forward: mean (1), variance (3) and the affine map (4) of each element; backward: the normalised element again (2), its share in
/// the two sums of the row (4), dx (4), dgamma and dbeta (3).
OpCost norm_cost(const Tensor& x, const Norm& norm) {
  const double elements = static_cast<double>(x.size()), weights = bytes_of(norm.gamma, norm.beta);
  const double statistics = static_cast<double>(2 * x.rows() * size_of(accumulator_of(x.dtype())));
  return {{8 * elements, 2 * bytes_of(x) + weights + statistics}, {13 * elements, 3 * bytes_of(x) + 2 * weights + statistics}};
}

/// Forward adds a residual, which it reads, and keeps the sum; dropout is one operation an element each way, in backward on its own.
OpCost add_norm_cost(const Tensor& x, const Norm& norm, bool dropout) {
  const double elements = static_cast<double>(x.size()), bytes = bytes_of(x);
  OpCost cost = norm_cost(x, norm);
  cost.forward.flops += (dropout ? 2 : 1) * elements;
  cost.forward.bytes += 2 * bytes;
  cost.backward.flops += dropout ? elements : 0;
  cost.backward.bytes += dropout ? 2 * bytes : 0;
  return cost;
}

struct NormGradients {
  Tensor x, gamma, beta;
};

NormGradients backward(const Tensor& x, const Norm& norm, const Tensor& mean, const Tensor& rstd, const Tensor& dy) {
  const std::int64_t rows = x.rows(), columns = x.dim(-1);
  // Fixed parts of the rows sum their own share; the shares are added in order. So no thread count changes a bit.
  const std::int64_t parts = std::max<std::int64_t>(1, (rows + kRowsPerPart - 1) / kRowsPerPart);
  const auto zeros_for = [&](const Tensor& weight) { return Tensor::zeros({columns}, weight.defined() ? weight.dtype() : x.dtype()); };
  NormGradients result{Tensor::like(x), zeros_for(norm.gamma), zeros_for(norm.beta)};
  Tensor shares = Tensor::zeros({parts, 2, columns}, accumulator_of(x.dtype()));
  dispatch_real(x.dtype(), "layer_norm", [&]<class T>() {
    const auto& table = kernels::table<T>();
    const BlockReader<T> from(x, 0, columns), from_dy(dy, 0, columns);
    const BlockWriter<T> to(result.x, 0, columns);
    const T *pm = mean.data<T>().data(), *pr = rstd.data<T>().data(), *gamma = pointer<T>(norm.gamma);
    T* share = shares.mutable_data<T>().data();
    const std::int64_t together = from.copies() ? 1 : kRowsPerPart;
    parallel_tasks(parts, [&](std::int64_t part) {
      Tensor space = Tensor::empty({from.copies() ? 3 * columns : 0}, dtype_of<T>);
      const std::int64_t end = std::min(rows, (part + 1) * kRowsPerPart);
      for (std::int64_t row = part * kRowsPerPart; row < end; row += together) {
        T* buffer = space.mutable_data<T>().data();
        const std::int64_t count = std::min(together, end - row);
        const Block<const T> px = from.at(row, count, 0, columns, buffer), pdy = from_dy.at(row, count, 0, columns, buffer);
        const Block<T> pdx = to.at(row, count, 0, columns, buffer);
        table.layer_norm.backward(px.data, gamma, pm + row, pr + row, pdy.data, count, columns, pdx.data, share + part * 2 * columns,
                                  share + (part * 2 + 1) * columns);
        to.put(pdx, row, count, 0, columns);
      }
    });
    T *dgamma = result.gamma.mutable_data<T>().data(), *dbeta = result.beta.mutable_data<T>().data();
    table.reduce.column_sum(share, 2 * columns, parts, columns, dgamma);
    table.reduce.column_sum(share + columns, 2 * columns, parts, columns, dbeta);
  });
  return result;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon) {
  const Norm norm{gamma, beta, epsilon};
  const std::int64_t rows = x.rows(), columns = columns_of("layer_norm", x, norm);
  const ProfileScope profiled("layer_norm", [&] { return norm_cost(x, norm); });
  const DType statistics = accumulator_of(x.dtype());
  Tensor y = Tensor::like(x), mean = Tensor::empty({rows}, statistics), rstd = Tensor::empty({rows}, statistics);
  dispatch_real(x.dtype(), "layer_norm", [&]<class T>() {
    const BlockReader<T> from(x, 0, columns);
    const BlockWriter<T> to(y, 0, columns);
    const T *pgamma = pointer<T>(gamma), *pbeta = pointer<T>(beta);
    T *pm = mean.mutable_data<T>().data(), *pr = rstd.mutable_data<T>().data();
    parallel_rows(rows, columns, [&](std::int64_t begin, std::int64_t end) {
      Tensor space = Tensor::empty({from.copies() ? 2 * columns : 0}, dtype_of<T>);
      const std::int64_t together = from.copies() ? 1 : end - begin;
      for (std::int64_t row = begin; row < end; row += together) {
        T* buffer = space.mutable_data<T>().data();
        const Block<const T> px = from.at(row, together, 0, columns, buffer);
        const Block<T> py = to.at(row, together, 0, columns, buffer);
        kernels::table<T>().layer_norm.forward(px.data, pgamma, pbeta, static_cast<T>(epsilon), together, columns, py.data, pm + row, pr + row);
        to.put(py, row, together, 0, columns);
      }
    });
  });
  return record("layer_norm", {x, gamma, beta}, y, [=](std::span<const Tensor> dy) -> Gradients {
    NormGradients gradients = backward(x, norm, mean, rstd, dy[0]);
    return {gradients.x, gradients.gamma, gradients.beta};
  });
}

Tensor add_layer_norm(const Tensor& x, const Tensor& residual, const Tensor& gamma, const Tensor& beta, const AddLayerNormOptions& options) {
  const Norm norm{gamma, beta, options.epsilon};
  const std::int64_t rows = x.rows(), columns = columns_of("add_layer_norm", x, norm);
  check(x.shape() == residual.shape() && x.dtype() == residual.dtype(), "add_layer_norm: residual must have the input's shape ", x.shape(),
        " and dtype ", x.dtype(), ", got ", residual.shape(), " and ", residual.dtype());
  const DropoutPlan plan = plan_dropout(options.dropout, rows, options.layout);
  const ProfileScope profiled("add_layer_norm", [&] { return add_norm_cost(x, norm, plan.active); });
  const DType statistics = accumulator_of(x.dtype());
  // 16 bits: the norm is of the sum as it is saved. With mean and rstd of the unrounded one, a row of nearly equal elements would
  // have a wrong gradient; and the result must not depend on being recorded.
  const bool save = is_half(x.dtype()) || recording({x, residual, gamma, beta});
  Tensor sum = save ? Tensor::like(x) : Tensor(), y = Tensor::like(x), mean = Tensor::empty({rows}, statistics),
         rstd = Tensor::empty({rows}, statistics);
  dispatch_real(x.dtype(), "add_layer_norm", [&]<class T>() {
    const auto& table = kernels::table<T>();
    const BlockReader<T> from(x, 0, columns), from_residual(residual, 0, columns);
    const BlockReader<T> saved = save ? BlockReader<T>(sum, 0, columns) : BlockReader<T>();
    const BlockWriter<T> to_sum = save ? BlockWriter<T>(sum, 0, columns) : BlockWriter<T>(), to(y, 0, columns);
    const T *pgamma = pointer<T>(gamma), *pbeta = pointer<T>(beta);
    T *pm = mean.mutable_data<T>().data(), *pr = rstd.mutable_data<T>().data();
    parallel_rows(rows, 2 * columns, [&](std::int64_t begin, std::int64_t end) {
      Tensor space = Tensor::empty({(from.copies() ? 5 : 1) * columns}, dtype_of<T>);
      for (std::int64_t row = begin; row < end; ++row) {  // row by row: the sum is still in L1 when the norm reads it
        T* buffer = space.mutable_data<T>().data();
        const T *px = from.at(row, 1, 0, columns, buffer).data, *pres = from_residual.at(row, 1, 0, columns, buffer).data;
        Block<T> ps = to_sum.at(row, 1, 0, columns, buffer);
        if (!save) ps = {buffer, columns};
        if (plan.active) table.dropout.apply(plan.draw, px, pres, plan.global_rows.data() + row, 1, columns, ps.data);
        else table.reduce.sum(px, pres, columns, ps.data);
        const T* norm_of = ps.data;
        if (from.copies()) {
          to_sum.put(ps, row, 1, 0, columns);
          norm_of = saved.at(row, 1, 0, columns, buffer).data;
        }
        const Block<T> py = to.at(row, 1, 0, columns, buffer);
        table.layer_norm.forward(norm_of, pgamma, pbeta, static_cast<T>(options.epsilon), 1, columns, py.data, pm + row, pr + row);
        to.put(py, row, 1, 0, columns);
      }
    });
  });
  return record("add_layer_norm", {x, residual, gamma, beta}, y, [=](std::span<const Tensor> dy) -> Gradients {
    NormGradients gradients = backward(sum, norm, mean, rstd, dy[0]);
    const Tensor dx = plan.active ? apply_dropout(gradients.x, plan) : gradients.x;
    return {dx, gradients.x, gradients.gamma, gradients.beta};
  });
}

}  // namespace linnet::ops
