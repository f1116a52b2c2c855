#include "framework/optim/update.h"

#include <algorithm>
#include <utility>

#include "framework/core/error.h"
#include "framework/core/grad_slot.h"
#include "framework/kernels/table.h"

namespace linnet {
namespace {

constexpr std::int64_t kElementsPerPart = 65536;  // that share one partial sum of squares
constexpr std::int64_t kFlatColumns = 1024;       // a gradient that is no table is cut into rows of this length

/// A gradient row's id and where it stands in the order of arrival.
struct Arrival {
  std::int32_t id;
  std::size_t part;
  std::int64_t row;
};

std::vector<Arrival> arrivals_by_id(const std::vector<RowGrad>& parts, std::int64_t table_rows) {
  std::vector<Arrival> arrivals;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::span<const std::int32_t> ids = parts[part].ids.data<std::int32_t>();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      check(ids[i] >= 0 && ids[i] < table_rows, "optimizer: row ids of a gradient must lie in [0, ", table_rows, "), got ", ids[i]);
      arrivals.push_back({ids[i], part, static_cast<std::int64_t>(i)});
    }
  }
  std::ranges::stable_sort(arrivals, {}, &Arrival::id);
  return arrivals;
}

void sum_rows(const std::vector<RowGrad>& parts, Update& update) {
  const std::int64_t columns = update.weight.dim(1);
  const std::vector<Arrival> arrivals = arrivals_by_id(parts, update.weight.dim(0));
  std::vector<std::size_t> firsts;
  for (std::size_t i = 0; i < arrivals.size(); ++i)
    if (i == 0 || arrivals[i].id != arrivals[i - 1].id) {
      firsts.push_back(i);
      update.rows.push_back(arrivals[i].id);
    }
  firsts.push_back(arrivals.size());
  const auto count = static_cast<std::int64_t>(update.rows.size());
  update.gradient = Tensor::zeros({count, columns}, update.weight.dtype());
  dispatch_real(update.weight.dtype(), "optimizer", [&]<class T>() {
    T* to = update.gradient.mutable_data<T>().data();
    parallel_rows(count, 4 * columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        for (std::size_t i = firsts[static_cast<std::size_t>(r)]; i < firsts[static_cast<std::size_t>(r) + 1]; ++i)
          kernels::table<T>().reduce.add(parts[arrivals[i].part].rows.data<T>().data() + arrivals[i].row * columns, columns, to + r * columns);
    });
  });
}

/// Rows [begin, end) of an update's gradient whose squares make one partial sum.
struct Part {
  std::size_t update;
  std::int64_t begin, end, columns;
};

/// By rows, the cuts lie where they would in the dense gradient: rows of zeros add nothing to either.
void cut(const Update& update, std::size_t index, std::vector<Part>& parts) {
  const std::int64_t size = update.gradient.size();
  if (update.weight.shape().size() != 2) {
    for (std::int64_t begin = 0; begin < size; begin += kElementsPerPart)
      parts.push_back({index, begin, std::min(size, begin + kElementsPerPart), kFlatColumns});
    return;
  }
  const std::int64_t columns = std::max<std::int64_t>(1, update.weight.dim(1));
  const std::int64_t part_rows = std::max<std::int64_t>(1, kElementsPerPart / columns);
  const std::int64_t rows = update.gradient.dim(0);
  for (std::int64_t begin = 0, end = 0; begin < rows; begin = end) {
    end = std::min(rows, begin + part_rows);
    if (update.by_rows) {
      const std::int64_t bound = (update.rows[static_cast<std::size_t>(begin)] / part_rows + 1) * part_rows;
      end = begin;
      while (end < rows && update.rows[static_cast<std::size_t>(end)] < bound) ++end;
    }
    parts.push_back({index, begin, end, update.weight.dim(1)});
  }
}

template <class T>
double sum_of_squares(const Part& part, const Tensor& gradient) {
  const T* x = gradient.data<T>().data();
  const auto& sum = kernels::table<T>().reduce.sum_of_squares;
  if (gradient.shape().size() == 2) return sum(x + part.begin * part.columns, part.end - part.begin, part.columns);
  const std::int64_t elements = part.end - part.begin, whole = elements / kFlatColumns;
  return sum(x + part.begin, whole, kFlatColumns) + sum(x + part.begin + whole * kFlatColumns, 1, elements % kFlatColumns);
}

}  // namespace

std::optional<Update> take_update(std::size_t index, const Tensor& weight, bool by_rows) {
  const auto& slot = weight.grad_slot();
  if (!slot || !slot->has_grad()) return std::nullopt;
  Update update{.index = index, .weight = weight};
  if (by_rows && !slot->grad.defined() && weight.shape().size() == 2) {
    update.by_rows = true;
    const std::vector<RowGrad> parts = std::exchange(slot->row_grads, {});
    sum_rows(parts, update);
  } else {
    update.gradient = slot->take_dense(weight.shape(), weight.dtype());
  }
  return update;
}

std::vector<double> sums_of_squares(std::span<const Update> updates) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < updates.size(); ++i) cut(updates[i], i, parts);
  std::vector<double> shares(parts.size()), sums(updates.size());
  const WideningScope once;  // the parts of a 16-bit gradient share it
  parallel_tasks(static_cast<std::int64_t>(parts.size()), [&](std::int64_t task) {
    const Part& part = parts[static_cast<std::size_t>(task)];
    const Tensor& gradient = updates[part.update].gradient;
    shares[static_cast<std::size_t>(task)] =
        dispatch_real(gradient.dtype(), "optimizer", [&]<class T>() { return sum_of_squares<T>(part, gradient); });
  });
  for (std::size_t i = 0; i < parts.size(); ++i) sums[parts[i].update] += shares[i];
  return sums;
}

Tensor clamped_gradient(const Update& update) {
  Tensor result = Tensor::like(update.gradient);
  dispatch_real(result.dtype(), "optimizer", [&]<class T>() {
    const std::span<const T> from = update.gradient.data<T>();
    const std::span<T> to = result.mutable_data<T>();
    const T scale = static_cast<T>(update.scale), clip = static_cast<T>(update.clip);
    for (std::size_t i = 0; i < to.size(); ++i) {
      const T scaled = from[i] * scale;
      to[i] = scaled < -clip ? -clip : scaled > clip ? clip : scaled;
    }
  });
  return result;
}

void decay_weight(const Update& update) {
  if (update.weight_decay == 0) return;
  Tensor weight = update.weight;
  dispatch_real(weight.dtype(), "optimizer", [&]<class T>() {
    const T decay = static_cast<T>(update.weight_decay), rate = static_cast<T>(update.learning_rate);
    for (T& w : weight.mutable_data<T>()) w -= w * decay * rate;
  });
}

}  // namespace linnet
