#include "framework/ops/layer_norm.h"

#include <algorithm>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/cost.h"
#include "framework/ops/dropout.h"

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
    const T *px = x.data<T>().data(), *pm = mean.data<T>().data(), *pr = rstd.data<T>().data(), *pdy = dy.data<T>().data();
    const T* gamma = pointer<T>(norm.gamma);
    T *pdx = result.x.mutable_data<T>().data(), *share = shares.mutable_data<T>().data();
    parallel_tasks(parts, [&](std::int64_t part) {
      const std::int64_t begin = part * kRowsPerPart, end = std::min(rows, begin + kRowsPerPart);
      table.layer_norm.backward(px + begin * columns, gamma, pm + begin, pr + begin, pdy + begin * columns, end - begin, columns,
                                pdx + begin * columns, share + part * 2 * columns, share + (part * 2 + 1) * columns);
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
    const T *px = x.data<T>().data(), *pgamma = pointer<T>(gamma), *pbeta = pointer<T>(beta);
    T *py = y.mutable_data<T>().data(), *pm = mean.mutable_data<T>().data(), *pr = rstd.mutable_data<T>().data();
    parallel_rows(rows, columns, [&](std::int64_t begin, std::int64_t end) {
      kernels::table<T>().layer_norm.forward(px + begin * columns, pgamma, pbeta, static_cast<T>(epsilon), end - begin, columns, py + begin * columns,
                                             pm + begin, pr + begin);
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
  Tensor sum = Tensor::like(x), y = Tensor::like(x), mean = Tensor::empty({rows}, statistics), rstd = Tensor::empty({rows}, statistics);
  // 16 bits: mean and rstd must be those of the sum as it is saved, or a row of nearly equal elements has a wrong gradient.
  const DType dtype = x.dtype();
  dispatch_real(dtype, "add_layer_norm", [&]<class T>() {
    const auto& table = kernels::table<T>();
    const T *px = x.data<T>().data(), *pres = residual.data<T>().data(), *pgamma = pointer<T>(gamma), *pbeta = pointer<T>(beta);
    T *ps = sum.mutable_data<T>().data(), *py = y.mutable_data<T>().data(), *pm = mean.mutable_data<T>().data(), *pr = rstd.mutable_data<T>().data();
    parallel_rows(rows, 2 * columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {  // row by row: the sum is still in L1 when the norm reads it
        const std::int64_t at = row * columns;
        if (plan.active) table.dropout.apply(plan.draw, px + at, pres + at, plan.global_rows.data() + row, 1, columns, ps + at);
        else table.reduce.sum(px + at, pres + at, columns, ps + at);
        if (dtype == DType::bfloat16) table.convert.round_to_bfloat16(columns, ps + at);
        if (dtype == DType::float16) table.convert.round_to_float16(columns, ps + at);
        table.layer_norm.forward(ps + at, pgamma, pbeta, static_cast<T>(options.epsilon), 1, columns, py + at, pm + row, pr + row);
      }
    });
  });
  return record("add_layer_norm", {x, residual, gamma, beta}, y, [=](std::span<const Tensor> dy) -> Gradients {
    NormGradients gradients = backward(sum, norm, mean, rstd, dy[0]);
    Tensor dx = gradients.x;
    if (plan.active) {
      dx = Tensor::like(gradients.x);  // not x: it would be captured, and so kept until backward
      dispatch_real(dx.dtype(), "add_layer_norm", [&]<class T>() {
        const T* from = gradients.x.data<T>().data();
        T* to = dx.mutable_data<T>().data();
        parallel_rows(rows, columns, [&](std::int64_t begin, std::int64_t end) {
          kernels::table<T>().dropout.apply(plan.draw, from + begin * columns, nullptr, plan.global_rows.data() + begin, end - begin, columns,
                                            to + begin * columns);
        });
      });
    }
    return {dx, gradients.x, gradients.gamma, gradients.beta};
  });
}

}  // namespace linnet::ops
