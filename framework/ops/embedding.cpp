#include "framework/ops/embedding.h"

#include <cstring>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"

namespace linnet::ops {

Tensor embedding(const Tensor& table, const Tensor& ids) {
  check(table.shape().size() == 2, "embedding: table must be a matrix, got shape ", table.shape());
  const std::int64_t rows = table.dim(0), columns = table.dim(1);
  const std::span<const std::int32_t> numbers = ids.data<std::int32_t>();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    check(numbers[i] >= 0 && numbers[i] < rows, "embedding: ids must lie in [0, ", rows, "), got ", numbers[i], " at position ", i);

  const ProfileScope profiled("embedding", [&] {  // a table that is a weight keeps its gradient by rows: backward only hands them on
    const OpCost cost = copy_cost(table, ids.size() * columns);
    const bool by_rows = table.requires_grad() && table.grad_slot()->leaf;
    return OpCost{{0, cost.forward.bytes + bytes_of(ids)}, by_rows ? Cost() : cost.backward};
  });
  Shape shape = ids.shape();
  shape.push_back(columns);
  Tensor y = Tensor::empty(std::move(shape), table.dtype());
  const std::int64_t bytes = columns * size_of(table.dtype());
  const auto* from = static_cast<const std::byte*>(table.raw());
  auto* to = static_cast<std::byte*>(y.mutable_raw());
  parallel_rows(ids.size(), columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      std::memcpy(to + i * bytes, from + numbers[static_cast<std::size_t>(i)] * bytes, static_cast<std::size_t>(bytes));
  });

  // Not the table itself: for first_rows it is an activation, which may go.
  return record("embedding", {table, ids}, y,
                [=, slot = table.grad_slot(), whole = table.shape(), dtype = table.dtype()](std::span<const Tensor> dy) -> Gradients {
                  const RowGrad sparse{ids.reshape({ids.size()}), dy[0].reshape({ids.size(), columns})};
                  if (slot->leaf) {
                    slot->accumulate_rows(sparse);
                    return {};
                  }
                  GradSlot dense;
                  dense.accumulate_rows(sparse);
                  return {dense.take_dense(whole, dtype), {}};
                });
}

Tensor first_rows(const Tensor& x, const SequenceLayout& layout) {
  check(x.shape().size() == 2 && x.dim(0) == layout.tokens(), "first_rows: the layout must cover the rows of the input ", x.shape(), ", got ",
        layout.tokens());
  std::vector<std::int32_t> rows;
  for (std::int64_t i = 0; i < layout.batch(); ++i) {
    check(layout.length(i) > 0, "first_rows: every sequence must have a token, got an empty one at ", i);
    rows.push_back(static_cast<std::int32_t>(layout.begin(i)));
  }
  return embedding(x, Tensor::from(rows, {layout.batch()}));
}

}  // namespace linnet::ops
