#include "framework/ops/dropout.h"

#include <cmath>
#include <numeric>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/kernels/table.h"
#include "framework/ops/cost.h"

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

Tensor apply(const Tensor& x, const DropoutPlan& plan) {
  Tensor y = Tensor::like(x);
  const std::int64_t columns = x.shape().empty() ? 1 : x.dim(-1);
  dispatch_real(x.dtype(), "dropout", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
      kernels::table<T>().dropout.apply(plan.draw, from + begin * columns, nullptr, plan.global_rows.data() + begin, end - begin, columns,
                                        to + begin * columns);
    });
  });
  return y;
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

Tensor dropout(const Tensor& x, double rate, const SequenceLayout* layout) {
  const DropoutPlan plan = plan_dropout(rate, x.rows(), layout);
  if (!plan.active) return x;
  const ProfileScope profiled("dropout", [&] { return OpCost{map_cost({x}, x.size()).forward, map_cost({x}, x.size()).forward}; });
  return record("dropout", {x}, apply(x, plan), [=](std::span<const Tensor> dy) -> Gradients { return {apply(dy[0], plan)}; });
}

}  // namespace linnet::ops
