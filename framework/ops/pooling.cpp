#include "framework/ops/pooling.h"

#include <limits>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

std::int64_t columns_of(std::string_view op, const Tensor& x, const SequenceLayout& layout) {
  check(x.shape().size() == 2 && x.dim(0) == layout.tokens(), op, ": the layout must cover the rows of the input ", x.shape(), ", got ",
        layout.tokens());
  return x.dim(1);
}

bool is_key(const SequenceLayout& layout, std::int64_t row) { return layout.is_key.empty() || layout.is_key[static_cast<std::size_t>(row)] != 0; }

std::int64_t keys_of(const SequenceLayout& layout, std::int64_t sequence) {
  std::int64_t count = 0;
  for (std::int64_t row = layout.begin(sequence); row < layout.end(sequence); ++row) count += is_key(layout, row);
  return count;
}

}  // namespace

Tensor mean_pool(const Tensor& x, const SequenceLayout& layout) {
  const std::int64_t columns = columns_of("mean_pool", x, layout);
  const ProfileScope profiled("mean_pool", [&] {
    const OpCost cost = reduce_cost(x, layout.batch() * columns);
    return OpCost{cost.forward, cost.forward};
  });
  Tensor y = Tensor::zeros({layout.batch(), columns}, x.dtype());
  dispatch_real(x.dtype(), "mean_pool", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_tasks(layout.batch(), [&](std::int64_t i) {
      for (std::int64_t row = layout.begin(i); row < layout.end(i); ++row)
        for (std::int64_t c = 0; is_key(layout, row) && c < columns; ++c) to[i * columns + c] += from[row * columns + c];
      const std::int64_t keys = keys_of(layout, i);
      for (std::int64_t c = 0; keys > 0 && c < columns; ++c) to[i * columns + c] /= static_cast<T>(keys);
    });
  });
  return record("mean_pool", {x}, y, [=](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros({layout.tokens(), columns}, dy[0].dtype());
    dispatch_real(dx.dtype(), "mean_pool", [&]<class T>() {
      const T* from = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      parallel_tasks(layout.batch(), [&](std::int64_t i) {
        const T keys = static_cast<T>(keys_of(layout, i));
        for (std::int64_t row = layout.begin(i); row < layout.end(i); ++row)
          for (std::int64_t c = 0; is_key(layout, row) && c < columns; ++c) to[row * columns + c] = from[i * columns + c] / keys;
      });
    });
    return {dx};
  });
}

Tensor max_pool(const Tensor& x, const SequenceLayout& layout) {
  const std::int64_t columns = columns_of("max_pool", x, layout);
  const ProfileScope profiled("max_pool", [&] {
    const OpCost cost = reduce_cost(x, layout.batch() * columns);
    return OpCost{cost.forward, {0, cost.forward.bytes}};
  });
  Tensor y = Tensor::empty({layout.batch(), columns}, x.dtype());
  std::vector<std::int64_t> winners(static_cast<std::size_t>(y.size()), -1);  // the row that gave each element of y
  dispatch_real(x.dtype(), "max_pool", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_tasks(layout.batch(), [&](std::int64_t i) {
      for (std::int64_t c = 0; c < columns; ++c) {
        T& top = to[i * columns + c] = -std::numeric_limits<T>::infinity();
        std::int64_t& winner = winners[static_cast<std::size_t>(i * columns + c)];
        for (std::int64_t row = layout.begin(i); row < layout.end(i); ++row)
          if (is_key(layout, row) && (winner < 0 || from[row * columns + c] > top)) {
            top = from[row * columns + c];
            winner = row;
          }
      }
    });
  });
  return record("max_pool", {x}, y, [=, tokens = layout.tokens()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros({tokens, columns}, dy[0].dtype());
    dispatch_real(dx.dtype(), "max_pool", [&]<class T>() {
      const T* from = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      for (std::size_t at = 0; at < winners.size(); ++at)
        if (winners[at] >= 0) to[winners[at] * columns + static_cast<std::int64_t>(at) % columns] = from[at];
    });
    return {dx};
  });
}

}  // namespace linnet::ops
