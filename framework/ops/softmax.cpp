#include "framework/ops/softmax.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

/// A new tensor of x's shape, `columns` wide; row(number, row of x, row of the result) fills it. For float and double.
template <class Row>
Tensor by_rows(std::string_view op, const Tensor& x, std::int64_t columns, Row&& row) {
  Shape shape = x.shape();
  shape.back() = columns;
  Tensor result = Tensor::empty(std::move(shape), x.dtype());
  const std::int64_t width = x.dim(-1);
  dispatch_real(x.dtype(), op, [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = result.mutable_data<T>().data();
    parallel_rows(x.rows(), 8 * width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) row(r, from + r * width, to + r * columns);
    });
  });
  return result;
}

/// Row `r` of a tensor as wide as `columns`.
template <class T>
const T* row_of(const Tensor& tensor, std::int64_t r, std::int64_t columns) {
  return tensor.data<T>().data() + r * columns;
}

std::int64_t columns_of(std::string_view op, const Tensor& x) {
  check(!x.shape().empty(), op, ": input must have at least one axis, got a scalar");
  return x.dim(-1);
}

/// The largest of the elements that mask keeps; mask may be null.
template <class T>
T largest(const T* x, const std::int32_t* mask, std::int64_t columns) {
  T top = -std::numeric_limits<T>::infinity();
  for (std::int64_t c = 0; c < columns; ++c)
    if ((!mask || mask[c]) && x[c] > top) top = x[c];
  return top;
}

/// Forward finds a row's largest, subtracts it, takes exponentials, adds and divides; backward has a sum over the row.
OpCost softmax_cost(const Tensor& x) {
  const auto elements = static_cast<double>(x.size());
  return {{5 * elements, 2 * bytes_of(x)}, {4 * elements, 3 * bytes_of(x)}};
}

Tensor softmax_of(std::string_view op, const Tensor& x, const Tensor& mask) {
  const std::int64_t columns = columns_of(op, x);
  const ProfileScope profiled(op, [&] { return softmax_cost(x); });
  const std::int32_t* keep = mask.defined() ? mask.data<std::int32_t>().data() : nullptr;
  const Tensor y = by_rows(op, x, columns, [&]<class T>(std::int64_t r, const T* from, T* to) {
    const std::int32_t* kept = keep ? keep + r * columns : nullptr;
    const T top = largest(from, kept, columns);
    T total = 0;
    for (std::int64_t c = 0; c < columns; ++c) total += to[c] = !kept || kept[c] ? std::exp(from[c] - top) : T(0);
    for (std::int64_t c = 0; c < columns; ++c) to[c] = total == 0 ? T(0) : to[c] / total;
  });
  return record(op, {x}, y, [=, p = y.detach()](std::span<const Tensor> dy) -> Gradients {
    return {by_rows("softmax", p, columns, [&]<class T>(std::int64_t r, const T* probability, T* dx) {
      const T* gradient = row_of<T>(dy[0], r, columns);
      T inner = 0;
      for (std::int64_t c = 0; c < columns; ++c) inner += probability[c] * gradient[c];
      for (std::int64_t c = 0; c < columns; ++c) dx[c] = probability[c] * (gradient[c] - inner);
    })};
  });
}

/// What sparsemax takes from every element of a row: (sum of the k largest - 1) / k for the largest k whose k-th element is
/// above it.
template <class T>
T sparsemax_threshold(const T* x, std::int64_t columns) {
  std::vector<T> sorted(x, x + columns);
  std::ranges::sort(sorted, std::greater<>());
  T sum = 0, threshold = 0;
  for (std::int64_t k = 1; k <= columns; ++k) {
    sum += sorted[static_cast<std::size_t>(k - 1)];
    const T candidate = (sum - T(1)) / static_cast<T>(k);
    if (sorted[static_cast<std::size_t>(k - 1)] <= candidate) break;
    threshold = candidate;
  }
  return threshold;
}

}  // namespace

Tensor softmax(const Tensor& x) { return softmax_of("softmax", x, {}); }

Tensor masked_softmax(const Tensor& x, const Tensor& mask) {
  check(mask.shape() == x.shape(), "masked_softmax: mask must have the input's shape ", x.shape(), ", got ", mask.shape());
  return softmax_of("masked_softmax", x, mask);
}

Tensor log_softmax(const Tensor& x) {
  const std::int64_t columns = columns_of("log_softmax", x);
  const ProfileScope profiled("log_softmax", [&] { return softmax_cost(x); });
  const Tensor y = by_rows("log_softmax", x, columns, [&]<class T>(std::int64_t, const T* from, T* to) {
    const T top = largest<T>(from, nullptr, columns);
    T total = 0;
    for (std::int64_t c = 0; c < columns; ++c) total += std::exp(from[c] - top);
    const T shift = std::log(total);
    for (std::int64_t c = 0; c < columns; ++c) to[c] = from[c] - top - shift;
  });
  return record("log_softmax", {x}, y, [=, saved = y.detach()](std::span<const Tensor> dy) -> Gradients {
    return {by_rows("log_softmax", saved, columns, [&]<class T>(std::int64_t r, const T* logarithm, T* dx) {
      const T* gradient = row_of<T>(dy[0], r, columns);
      T sum = 0;
      for (std::int64_t c = 0; c < columns; ++c) sum += gradient[c];
      for (std::int64_t c = 0; c < columns; ++c) dx[c] = gradient[c] - std::exp(logarithm[c]) * sum;
    })};
  });
}

Tensor sparsemax(const Tensor& x) {
  const std::int64_t columns = columns_of("sparsemax", x);
  const ProfileScope profiled("sparsemax", [&] { return softmax_cost(x); });
  const Tensor y = by_rows("sparsemax", x, columns, [&]<class T>(std::int64_t, const T* from, T* to) {
    const T threshold = sparsemax_threshold(from, columns);
    for (std::int64_t c = 0; c < columns; ++c) to[c] = std::max(from[c] - threshold, T(0));
  });
  return record("sparsemax", {x}, y, [=, saved = y.detach()](std::span<const Tensor> dy) -> Gradients {
    return {by_rows("sparsemax", saved, columns, [&]<class T>(std::int64_t r, const T* probability, T* dx) {
      const T* gradient = row_of<T>(dy[0], r, columns);
      T sum = 0, support = 0;
      for (std::int64_t c = 0; c < columns; ++c)
        if (probability[c] > 0) {
          sum += gradient[c];
          support += 1;
        }
      for (std::int64_t c = 0; c < columns; ++c) dx[c] = probability[c] > 0 ? gradient[c] - sum / support : T(0);
    })};
  });
}

Tensor glu(const Tensor& x) {
  const std::int64_t width = columns_of("glu", x), columns = width / 2;
  check(width % 2 == 0, "glu: the last axis must be even, got ", width, " (input ", x.shape(), ")");
  const ProfileScope profiled("glu", [&] { return map_cost({x}, x.size() / 2); });
  const Tensor y = by_rows("glu", x, columns, [&]<class T>(std::int64_t, const T* from, T* to) {
    for (std::int64_t c = 0; c < columns; ++c) to[c] = from[c] / (T(1) + std::exp(-from[columns + c]));
  });
  return record("glu", {x}, y, [=](std::span<const Tensor> dy) -> Gradients {
    return {by_rows("glu", x, width, [&]<class T>(std::int64_t r, const T* from, T* dx) {
      const T* gradient = row_of<T>(dy[0], r, columns);
      for (std::int64_t c = 0; c < columns; ++c) {
        const T gate = T(1) / (T(1) + std::exp(-from[columns + c]));
        dx[c] = gradient[c] * gate;
        dx[columns + c] = gradient[c] * from[c] * gate * (T(1) - gate);
      }
    })};
  });
}

}  // namespace linnet::ops
