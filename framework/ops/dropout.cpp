#include "framework/ops/dropout.h"

#include <cmath>
#include <numeric>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/ops/cost.h"
#include "framework/ops/row_blocks.h"

namespace linnet::ops {
namespace {

std::vector<std::uint32_t> global_rows(std::int64_t rows, const SequenceLayout* layout) {
  std::vector<std::uint32_t> result(static_cast<std::size_t>(rows));
  if (!layout) {
    std::iota(result.begin(), result.end(), 0u);
    return result;
  }
  check(layout->tokens() == rows, "dropout: the layout must cover the ", rows, " rows of the input, got ", layout->tokens());
  for (std::int64_t i = 0; i < layout->batch(); ++i)
    std::iota(result.begin() + layout->begin(i), result.begin() + layout->end(i),
              static_cast<std::uint32_t>(layout->first_row[static_cast<std::size_t>(i)]));
  return result;
}

}  // namespace

DropoutPlan plan_dropout(double rate, std::int64_t rows, const SequenceLayout* layout) {
  check(rate >= 0 && rate <= 1, "dropout: rate must lie in [0, 1], got ", rate);
  const Tape* tape = Tape::current();
  if (rate == 0 || !tape || !tape->options().dropout) return {};
  const RandomStream stream = next_random_stream();
  // A word of 2^32 - 1 is kept at any threshold, so rate 1 drops by its scale.
  return {true,
          {.seed = stream.seed,
           .step = stream.step,
           .op = stream.op,
           .threshold = rate == 1 ? 0xffffffffu : static_cast<std::uint32_t>(std::llround(rate * 0x1p32)),
           .scale = rate == 1 ? 0.0 : 1 / (1 - rate)},
          global_rows(rows, layout)};
}

Tensor apply_dropout(const Tensor& x, const DropoutPlan& plan) {
  Tensor y = Tensor::like(x);
  const std::int64_t columns = x.shape().empty() ? 1 : x.dim(-1);
  dispatch_real(x.dtype(), "dropout", [&]<class T>() {
    const BlockReader<T> from(x, 0, columns);
    const BlockWriter<T> to(y, 0, columns);
    parallel_rows(x.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
      Tensor space = Tensor::empty({from.copies() ? 2 * columns : 0}, dtype_of<T>);
      const std::int64_t together = from.copies() ? 1 : end - begin;
      for (std::int64_t row = begin; row < end; row += together) {
        T* buffer = space.mutable_data<T>().data();
        const Block<const T> px = from.at(row, together, 0, columns, buffer);
        const Block<T> py = to.at(row, together, 0, columns, buffer);
        kernels::table<T>().dropout.apply(plan.draw, px.data, nullptr, plan.global_rows.data() + row, together, columns, py.data);
        to.put(py, row, together, 0, columns);
      }
    });
  });
  return y;
}

Tensor dropout(const Tensor& x, double rate, const SequenceLayout* layout) {
  const DropoutPlan plan = plan_dropout(rate, x.rows(), layout);
  if (!plan.active) return x;
  const ProfileScope profiled("dropout", [&] { return OpCost{map_cost({x}, x.size()).forward, map_cost({x}, x.size()).forward}; });
  return record("dropout", {x}, apply_dropout(x, plan), [=](std::span<const Tensor> dy) -> Gradients { return {apply_dropout(dy[0], plan)}; });
}

}  // namespace linnet::ops
