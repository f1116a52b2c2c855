#include "framework/ops/reductions.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/axes.h"
#include "framework/ops/cost.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/transpose.h"
#include "framework/ops/unary.h"

namespace linnet::ops {
namespace {

/// x with the reduced axes side by side, and what comes out.
struct Plan {
  std::vector<int> order;  ///< of x's axes, to lay the reduced ones side by side; empty: they do already
  AxisBlocks blocks;
  Shape result;

  Tensor arranged(const Tensor& x) const { return order.empty() ? x : transpose(x, order); }
};

Plan plan_of(std::string_view op, const Tensor& x, const ReduceOptions& options) {
  const Shape& shape = x.shape();
  std::vector<bool> reduced(shape.size(), options.axes.empty());
  for (const int axis : options.axes) {
    auto place = reduced.begin() + axis_of(op, shape, axis);
    check(!*place, op, ": each axis may come once, got ", axis, " twice (input ", shape, ")");
    *place = true;
  }
  Plan plan;
  std::vector<int> order, last;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    (reduced[i] ? last : order).push_back(static_cast<int>(i));
    if (!reduced[i]) plan.result.push_back(shape[i]);
    else if (options.keepdims) plan.result.push_back(1);
  }
  if (last.empty()) return plan;  // only of a scalar
  if (last.back() - last.front() + 1 == static_cast<int>(last.size())) {
    plan.blocks = AxisBlocks(shape, last.front(), last.back() + 1);
    return plan;
  }
  for (std::size_t i = 0; i < shape.size(); ++i) (reduced[i] ? plan.blocks.count : plan.blocks.outer) *= shape[i];
  plan.order = order;
  plan.order.insert(plan.order.end(), last.begin(), last.end());
  return plan;
}

/// As plan_of, for ops that need an element.
Plan plan_of_some(std::string_view op, const Tensor& x, const ReduceOptions& options) {
  Plan plan = plan_of(op, x, options);
  check(plan.blocks.count > 0, op, ": there must be elements to reduce, got shape ", x.shape());
  return plan;
}

/// In eight lanes whatever the instruction set.
template <class T>
double sum_of(const T* x, std::int64_t n) {
  constexpr std::int64_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[static_cast<std::size_t>(lane)] += static_cast<double>(x[i + lane]);
  for (; i < n; ++i) lanes[static_cast<std::size_t>(i % kLanes)] += static_cast<double>(x[i]);
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

/// Of one long row: parts side by side.
template <class T>
double sum_of_parts(const T* x, std::int64_t n) {
  constexpr std::int64_t kPart = 65536;
  if (n <= kPart) return sum_of(x, n);
  std::vector<double> parts(static_cast<std::size_t>((n + kPart - 1) / kPart));
  parallel_tasks(static_cast<std::int64_t>(parts.size()),
                 [&](std::int64_t i) { parts[static_cast<std::size_t>(i)] = sum_of(x + i * kPart, std::min(kPart, n - i * kPart)); });
  return sum_of(parts.data(), static_cast<std::int64_t>(parts.size()));
}

/// y(outer, inner) = start, then fold(y, element) for each element in order, in float64.
template <class T, class F>
void fold(const AxisBlocks& blocks, const T* x, double start, T* y, const F& f) {
  if (blocks.inner == 1) {
    parallel_rows(blocks.outer, blocks.count, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        double total = start;
        for (std::int64_t i = row * blocks.count; i < (row + 1) * blocks.count; ++i) total = f(total, static_cast<double>(x[i]));
        y[row] = static_cast<T>(total);
      }
    });
    return;
  }
  blocks.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
    std::array<double, AxisBlocks::kLongestRange> totals;
    const auto columns = static_cast<std::size_t>(end - begin);
    std::fill_n(totals.begin(), columns, start);
    for (std::int64_t i = 0; i < blocks.count; ++i) {
      const T* row = x + (outer * blocks.count + i) * blocks.inner + begin;
      for (std::size_t c = 0; c < columns; ++c) totals[c] = f(totals[c], static_cast<double>(row[c]));
    }
    for (std::size_t c = 0; c < columns; ++c) y[outer * blocks.inner + begin + static_cast<std::int64_t>(c)] = static_cast<T>(totals[c]);
  });
}

/// max or min: the largest of sign * x.
Tensor extreme(std::string_view op, const Tensor& input, const ReduceOptions& options, double sign) {
  const Plan plan = plan_of_some(op, input, options);
  const Tensor x = plan.arranged(input);
  const ProfileScope profiled(op, [&] { return reduce_cost(x, element_count(plan.result)); });
  Tensor y = Tensor::empty(plan.result, input.dtype());
  dispatch_real(input.dtype(), op, [&]<class T>() {
    fold(plan.blocks, x.data<T>().data(), -sign * std::numeric_limits<double>::infinity(), y.mutable_data<T>().data(),
         [sign](double top, double value) { return sign * value > sign * top || value != value ? value : top; });
  });
  // Not y itself: it would hold its own node.
  return record(op, {x}, y, [op, x, top = y.detach(), blocks = plan.blocks](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros(x.shape(), x.dtype());
    dispatch_real(x.dtype(), op, [&]<class T>() {
      const T *from = x.data<T>().data(), *tops = top.data<T>().data(), *g = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      blocks.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
        for (std::int64_t c = begin; c < end; ++c) {
          const std::int64_t column = outer * blocks.inner + c, first = outer * blocks.count * blocks.inner + c;
          std::int64_t equal_ones = 0;
          for (std::int64_t i = 0; i < blocks.count; ++i) equal_ones += from[first + i * blocks.inner] == tops[column];
          for (std::int64_t i = 0; i < blocks.count; ++i)
            if (from[first + i * blocks.inner] == tops[column]) to[first + i * blocks.inner] = g[column] / static_cast<T>(equal_ones);
        }
      });
    });
    return {dx};
  });
}

/// Along the middle of the blocks, from the front or from the back.
Tensor running_sum(const Tensor& x, const AxisBlocks& blocks, bool from_the_back) {
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), "cumsum", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    blocks.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
      std::array<double, AxisBlocks::kLongestRange> totals{};
      for (std::int64_t i = 0; i < blocks.count; ++i) {
        const std::int64_t row = (outer * blocks.count + (from_the_back ? blocks.count - 1 - i : i)) * blocks.inner;
        for (std::int64_t c = begin; c < end; ++c) {
          double& total = totals[static_cast<std::size_t>(c - begin)];
          to[row + c] = static_cast<T>(total += static_cast<double>(from[row + c]));
        }
      }
    });
  });
  return y;
}

}  // namespace

Tensor sum(const Tensor& input, const ReduceOptions& options) {
  const Plan plan = plan_of("sum", input, options);
  const Tensor x = plan.arranged(input);
  const ProfileScope profiled("sum", [&] {
    const OpCost cost = reduce_cost(x, element_count(plan.result));
    return OpCost{cost.forward, {0, cost.forward.bytes}};
  });
  Tensor y = Tensor::empty(plan.result, input.dtype());
  dispatch_real(input.dtype(), "sum", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    const std::int64_t outer = plan.blocks.outer, count = plan.blocks.count;
    if (plan.blocks.inner != 1) fold(plan.blocks, from, 0, to, std::plus<>());
    else if (outer == 1) *to = static_cast<T>(sum_of_parts(from, count));
    else
      parallel_rows(outer, count, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) to[row] = static_cast<T>(sum_of(from + row * count, count));
      });
  });
  return record("sum", {x}, y, [blocks = plan.blocks, shape = x.shape()](std::span<const Tensor> dy) -> Gradients {
    return {broadcast_to(dy[0].reshape({blocks.outer, 1, blocks.inner}), {blocks.outer, blocks.count, blocks.inner}).reshape(shape)};
  });
}

Tensor mean(const Tensor& x, const ReduceOptions& options) {
  const Plan plan = plan_of_some("mean", x, options);
  return scale(sum(x, options), 1 / static_cast<double>(plan.blocks.count));
}

Tensor var(const Tensor& x, const ReduceOptions& options) {
  plan_of_some("var", x, options);
  return mean(square(subtract(x, mean(x, {.axes = options.axes, .keepdims = true}))), options);
}

Tensor prod(const Tensor& input, const ReduceOptions& options) {
  const Plan plan = plan_of("prod", input, options);
  const Tensor x = plan.arranged(input);
  const ProfileScope profiled("prod", [&] { return reduce_cost(x, element_count(plan.result)); });
  Tensor y = Tensor::empty(plan.result, input.dtype());
  dispatch_real(input.dtype(), "prod", [&]<class T>() { fold(plan.blocks, x.data<T>().data(), 1, y.mutable_data<T>().data(), std::multiplies<>()); });
  return record("prod", {x}, y, [x, blocks = plan.blocks](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::like(x);
    dispatch_real(x.dtype(), "prod", [&]<class T>() {
      const T *from = x.data<T>().data(), *g = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      blocks.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
        // The product of the others, without a division: those before times those behind.
        for (std::int64_t c = begin; c < end; ++c) {
          const std::int64_t first = outer * blocks.count * blocks.inner + c;
          T product = g[outer * blocks.inner + c];
          for (std::int64_t i = 0; i < blocks.count; ++i) {
            to[first + i * blocks.inner] = product;
            product *= from[first + i * blocks.inner];
          }
          product = 1;
          for (std::int64_t i = blocks.count; i-- > 0;) {
            to[first + i * blocks.inner] *= product;
            product *= from[first + i * blocks.inner];
          }
        }
      });
    });
    return {dx};
  });
}

Tensor max(const Tensor& x, const ReduceOptions& options) { return extreme("max", x, options, 1); }
Tensor min(const Tensor& x, const ReduceOptions& options) { return extreme("min", x, options, -1); }

Tensor logsumexp(const Tensor& x, const ReduceOptions& options) {
  const Plan plan = plan_of_some("logsumexp", x, options);
  // The shift cancels out of the gradient: a constant. Finite, for infinity minus itself is not a number.
  constexpr double kLargest = std::numeric_limits<float>::max();
  const Tensor top = clip(max(x.detach(), {.axes = options.axes, .keepdims = true}), -kLargest, kLargest);
  return add(log(sum(exp(subtract(x, top)), options)), top.reshape(plan.result));
}

Tensor cumsum(const Tensor& x, int axis) {
  const AxisBlocks blocks(x.shape(), axis_of("cumsum", x.shape(), axis));
  const ProfileScope profiled("cumsum", [&] { return OpCost{map_cost({x}, x.size()).forward, map_cost({x}, x.size()).forward}; });
  return record("cumsum", {x}, running_sum(x, blocks, false),
                [blocks](std::span<const Tensor> dy) -> Gradients { return {running_sum(dy[0], blocks, true)}; });
}

}  // namespace linnet::ops
