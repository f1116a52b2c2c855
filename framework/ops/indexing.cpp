#include "framework/ops/indexing.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/axes.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

std::span<const std::int32_t> checked(std::string_view op, const Tensor& indices, std::int64_t extent) {
  check(indices.dtype() == DType::int32, op, ": indices must be int32, got ", indices.dtype());
  const std::span<const std::int32_t> numbers = indices.data<std::int32_t>();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    check(numbers[i] >= 0 && numbers[i] < extent, op, ": indices must lie in [0, ", extent, "), got ", numbers[i], " at position ", i);
  return numbers;
}

/// The index that `better` prefers to all before it.
template <class Better>
Tensor best_index(std::string_view op, const Tensor& x, int axis) {
  axis = axis_of(op, x.shape(), axis);
  const AxisBlocks blocks(x.shape(), axis);
  check(blocks.count > 0, op, ": the axis must have elements, got axis ", axis, " of ", x.shape());
  Shape shape = x.shape();
  shape.erase(shape.begin() + axis);
  const ProfileScope profiled(op, [&] { return reduce_cost(x, element_count(shape)); });
  Tensor y = Tensor::empty(shape, DType::int32);
  std::int32_t* to = y.mutable_data<std::int32_t>().data();
  dispatch_real(x.dtype(), op, [&]<class T>() {
    const T* from = x.data<T>().data();
    blocks.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) {
        const T* column = from + outer * blocks.count * blocks.inner + c;
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < blocks.count; ++i)
          if (Better()(column[i * blocks.inner], column[best * blocks.inner])) best = i;
        to[outer * blocks.inner + c] = static_cast<std::int32_t>(best);
      }
    });
  });
  return y;
}

}  // namespace

Tensor take(const Tensor& x, const Tensor& indices, int axis) {
  axis = axis_of("take", x.shape(), axis);
  const AxisBlocks blocks(x.shape(), axis);
  const std::span<const std::int32_t> numbers = checked("take", indices, blocks.count);
  Shape shape = x.shape();
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, indices.shape().begin(), indices.shape().end());
  const ProfileScope profiled("take", [&] { return copy_cost(x, element_count(shape)); });
  Tensor y = Tensor::empty(shape, x.dtype());
  const auto count = static_cast<std::int64_t>(numbers.size()), inner = blocks.inner;
  dispatch_real(x.dtype(), "take", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_rows(blocks.outer * count, inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        std::copy_n(from + (row / count * blocks.count + numbers[static_cast<std::size_t>(row % count)]) * inner, inner, to + row * inner);
    });
  });
  return record("take", {x, indices}, y, [=, whole = x.shape(), kept = indices.detach()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros(whole, dy[0].dtype());
    const std::int32_t* at = kept.data<std::int32_t>().data();
    dispatch_real(dx.dtype(), "take", [&]<class T>() {
      const T* from = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      // Repeated indices meet in one element: by columns, in order.
      AxisBlocks{whole, axis}.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = 0; i < count; ++i)
          for (std::int64_t c = begin; c < end; ++c) to[(outer * blocks.count + at[i]) * inner + c] += from[(outer * count + i) * inner + c];
      });
    });
    return {dx, {}};
  });
}

Tensor take_along_axis(const Tensor& x, const Tensor& indices, int axis) {
  axis = axis_of("take_along_axis", x.shape(), axis);
  Shape expected = x.shape();
  if (indices.shape().size() == expected.size()) expected[static_cast<std::size_t>(axis)] = indices.dim(axis);
  check(indices.shape() == expected, "take_along_axis: indices must have x's shape ", x.shape(), " but for axis ", axis, ", got ", indices.shape());
  const AxisBlocks blocks(x.shape(), axis), results(indices.shape(), axis);
  const std::int32_t* numbers = checked("take_along_axis", indices, blocks.count).data();
  const ProfileScope profiled("take_along_axis", [&] { return copy_cost(x, indices.size()); });
  Tensor y = Tensor::empty(indices.shape(), x.dtype());
  dispatch_real(x.dtype(), "take_along_axis", [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    results.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = 0; i < results.count; ++i)
        for (std::int64_t c = begin; c < end; ++c) {
          const std::int64_t place = (outer * results.count + i) * results.inner + c;
          to[place] = from[(outer * blocks.count + numbers[place]) * blocks.inner + c];
        }
    });
  });
  return record("take_along_axis", {x, indices}, y, [=, whole = x.shape(), kept = indices.detach()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::zeros(whole, dy[0].dtype());
    const std::int32_t* at = kept.data<std::int32_t>().data();
    dispatch_real(dx.dtype(), "take_along_axis", [&]<class T>() {
      const T* from = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      results.for_each_column_range([&](std::int64_t outer, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = 0; i < results.count; ++i)
          for (std::int64_t c = begin; c < end; ++c) {
            const std::int64_t place = (outer * results.count + i) * results.inner + c;
            to[(outer * blocks.count + at[place]) * blocks.inner + c] += from[place];
          }
      });
    });
    return {dx, {}};
  });
}

Tensor one_hot(const Tensor& indices, std::int64_t classes, DType dtype) {
  check(classes >= 0, "one_hot: classes must not be negative, got ", classes);
  const std::span<const std::int32_t> numbers = checked("one_hot", indices, classes);
  Shape shape = indices.shape();
  shape.push_back(classes);
  const ProfileScope profiled("one_hot", [&] { return Cost{0, static_cast<double>(element_count(shape) * size_of(dtype))}; });
  Tensor y = Tensor::zeros(shape, dtype);
  dispatch_real(dtype, "one_hot", [&]<class T>() {
    const std::span<T> to = y.mutable_data<T>();
    for (std::size_t i = 0; i < numbers.size(); ++i) to[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(numbers[i])] = 1;
  });
  return y;
}

Tensor argmax(const Tensor& x, int axis) { return best_index<std::greater<>>("argmax", x, axis); }
Tensor argmin(const Tensor& x, int axis) { return best_index<std::less<>>("argmin", x, axis); }

TopK top_k(const Tensor& x, std::int64_t k) {
  const int axis = axis_of("top_k", x.shape(), -1);
  const std::int64_t columns = x.dim(-1);
  check(k > 0 && k <= columns, "top_k: k must lie in [1, ", columns, "], got ", k);
  Shape shape = x.shape();
  shape.back() = k;
  const ProfileScope profiled("top_k", [&] { return reduce_cost(x, element_count(shape)); });
  Tensor indices = Tensor::empty(shape, DType::int32);
  std::int32_t* to = indices.mutable_data<std::int32_t>().data();
  dispatch_real(x.dtype(), "top_k", [&]<class T>() {
    const T* from = x.data<T>().data();
    parallel_rows(x.rows(), 8 * columns, [&](std::int64_t begin, std::int64_t end) {
      std::vector<std::int32_t> order(static_cast<std::size_t>(columns));
      for (std::int64_t row = begin; row < end; ++row) {
        std::iota(order.begin(), order.end(), 0);
        const T* values = from + row * columns;
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [values](std::int32_t a, std::int32_t b) {
          const bool not_a = values[a] != values[a], not_b = values[b] != values[b];  // NaN comes first
          if (not_a != not_b) return not_a;
          return values[a] > values[b] || (!(values[a] < values[b]) && a < b);
        });
        std::copy_n(order.begin(), k, to + row * k);
      }
    });
  });
  return {take_along_axis(x, indices, axis), indices};
}

}  // namespace linnet::ops
