#include "framework/ops/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/cast.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

/// The targets of each row: a label, or a distribution over the classes.
struct Targets {
  Tensor labels, distribution;
  std::optional<std::int32_t> ignore_class;
  double smoothing = 0;
  std::int64_t rows = 0, classes = 0;

  bool ignores(std::int64_t row) const { return ignore_class && labels.data<std::int32_t>()[static_cast<std::size_t>(row)] == *ignore_class; }

  /// Calls f(class, target) for every target of `row` that may not be zero; for none if the row is ignored.
  template <class T, class F>
  void for_each(std::int64_t row, const F& f) const {
    const T kept = static_cast<T>(1 - smoothing), spread = static_cast<T>(smoothing / static_cast<double>(classes));
    if (distribution.defined()) {
      const T* t = distribution.data<T>().data() + row * classes;
      for (std::int64_t c = 0; c < classes; ++c) f(c, t[c] * kept + spread);
      return;
    }
    const std::int32_t label = labels.data<std::int32_t>()[static_cast<std::size_t>(row)];
    if (ignore_class && label == *ignore_class) return;
    if (smoothing == 0) return f(label, T(1));
    for (std::int64_t c = 0; c < classes; ++c) f(c, c == label ? kept + spread : spread);
  }
};

template <class T>
double clipped(T probability) {
  return std::clamp(static_cast<double>(probability), kEpsilon, 1 - kEpsilon);
}

template <class T>
T sum_of(const T* x, std::int64_t n) {
  T sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

/// Losses of rows [begin, end); normalizer is the log-sum-exp or the sum of each row, kept for the gradient.
template <class T>
void forward(const Targets& targets, bool from_logits, const T* x, std::int64_t begin, std::int64_t end, T* normalizer, T* losses) {
  const std::int64_t classes = targets.classes;
  if (from_logits) kernels::table<T>().log_sum_exp.forward(x + begin * classes, end - begin, classes, normalizer + begin);
  for (std::int64_t row = begin; row < end; ++row) {
    const T* xr = x + row * classes;
    if (!from_logits) normalizer[row] = sum_of(xr, classes);
    const T n = normalizer[row];
    double loss = 0;
    if (from_logits) targets.for_each<T>(row, [&](std::int64_t c, T t) { loss += static_cast<double>(t * (n - xr[c])); });
    else targets.for_each<T>(row, [&](std::int64_t c, T t) { loss -= static_cast<double>(t) * std::log(clipped(xr[c] / n)); });
    losses[row] = static_cast<T>(loss);
  }
}

/// dx of rows [begin, end); dlosses: (rows).
template <class T>
void backward(const Targets& targets, bool from_logits, const T* x, const T* normalizer, const T* dlosses, std::int64_t begin, std::int64_t end,
              T* dx) {
  const std::int64_t classes = targets.classes;
  for (std::int64_t row = begin; row < end; ++row) {
    const T* xr = x + row * classes;
    T* dxr = dx + row * classes;
    const T n = normalizer[row], scale = dlosses[row];
    if (targets.ignores(row)) {
      std::fill(dxr, dxr + classes, T(0));
    } else if (from_logits) {
      T total = 0;
      targets.for_each<T>(row, [&](std::int64_t, T t) { total += t; });
      const T scaled = scale * total;
      kernels::table<T>().log_sum_exp.backward(xr, &n, &scaled, 1, classes, dxr);
      targets.for_each<T>(row, [&](std::int64_t c, T t) { dxr[c] -= scale * t; });
    } else {
      // With q = p / sum(p): dp = (dq - sum(dq q)) / sum(p), dq = -t / q where q was not clipped.
      const auto dq = [&](std::int64_t c, T t) {
        const double q = static_cast<double>(xr[c] / n);
        return q == clipped(q) ? -scale * t / static_cast<T>(q) : T(0);
      };
      T inner = 0;
      targets.for_each<T>(row, [&](std::int64_t c, T t) { inner += dq(c, t) * (xr[c] / n); });
      std::fill(dxr, dxr + classes, -inner / n);
      targets.for_each<T>(row, [&](std::int64_t c, T t) { dxr[c] += dq(c, t) / n; });
    }
  }
}

/// The weight of each row's class.
std::vector<double> class_weights(std::string_view op, const Targets& targets, const Tensor& weight) {
  check(weight.shape() == Shape{targets.classes}, op, ": class_weight must have shape ", Shape{targets.classes}, ", got ", weight.shape());
  const std::vector<double> weights = weight.to_vector();
  const std::vector<double> distribution = targets.distribution.defined() ? targets.distribution.to_vector() : std::vector<double>();
  std::vector<double> result;
  for (std::int64_t row = 0; row < targets.rows; ++row) {
    std::int64_t label = 0;
    if (targets.ignores(row)) {
      result.push_back(0);
      continue;
    }
    if (targets.labels.defined()) label = targets.labels.data<std::int32_t>()[static_cast<std::size_t>(row)];
    else {
      const auto begin = distribution.begin() + row * targets.classes;
      label = std::max_element(begin, begin + targets.classes) - begin;
    }
    result.push_back(weights[static_cast<std::size_t>(label)]);
  }
  return result;
}

Tensor loss(std::string_view op, const Tensor& predictions, const Targets& targets, const CrossEntropyOptions& options) {
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1, op, ": label_smoothing must lie in [0, 1], got ", options.label_smoothing);
  const Tensor y_pred = cast(predictions, accumulator_of(predictions.dtype()));
  Shape shape = y_pred.shape();
  shape.pop_back();
  LossReduction reduction(op, shape, {.sample_weight = options.sample_weight, .reduction = options.reduction});
  if (options.class_weight.defined()) reduction.scale(class_weights(op, targets, options.class_weight));
  if (options.ignore_class) {
    std::vector<std::uint8_t> valid;
    for (std::int64_t row = 0; row < targets.rows; ++row) valid.push_back(!targets.ignores(row));
    reduction.mask(valid);
  }
  const bool from_logits = options.from_logits;
  const ProfileScope profiled(op, [&] {  // a row's largest, exponentials and their sum; a softmax again in backward
    const double elements = static_cast<double>(y_pred.size()), bytes = bytes_of(y_pred, targets.distribution, targets.labels);
    return OpCost{{4 * elements, bytes}, {4 * elements, bytes + bytes_of(y_pred)}};
  });
  Tensor losses = Tensor::empty(shape, y_pred.dtype()), normalizer = Tensor::like(losses);
  dispatch_real(y_pred.dtype(), op, [&]<class T>() {
    const T* x = y_pred.data<T>().data();
    T *n = normalizer.mutable_data<T>().data(), *l = losses.mutable_data<T>().data();
    parallel_rows(targets.rows, 8 * targets.classes,
                  [&](std::int64_t begin, std::int64_t end) { forward<T>(targets, from_logits, x, begin, end, n, l); });
  });
  return record(op, {y_pred, targets.labels, targets.distribution}, reduction.reduce(losses), [=](std::span<const Tensor> dy) -> Gradients {
    const Tensor dlosses = reduction.spread(dy[0]);
    Tensor dx = Tensor::like(y_pred);
    dispatch_real(dx.dtype(), op, [&]<class T>() {
      const T *x = y_pred.data<T>().data(), *n = normalizer.data<T>().data(), *dl = dlosses.data<T>().data();
      T* to = dx.mutable_data<T>().data();
      parallel_rows(targets.rows, 8 * targets.classes,
                    [&](std::int64_t begin, std::int64_t end) { backward<T>(targets, from_logits, x, n, dl, begin, end, to); });
    });
    return {dx, {}, {}};
  });
}

std::int64_t classes_of(std::string_view op, const Tensor& y_pred) {
  check(!y_pred.shape().empty() && y_pred.dim(-1) > 0, op, ": predictions must have a last axis of classes, got shape ", y_pred.shape());
  return y_pred.dim(-1);
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& labels, const CrossEntropyOptions& options) {
  const std::int64_t classes = classes_of("cross_entropy", logits);
  Shape shape = logits.shape(), column = shape;
  shape.pop_back();
  column.back() = 1;
  check(labels.dtype() == DType::int32, "cross_entropy: labels must be int32, got ", labels.dtype(),
        " (categorical_crossentropy takes distributions)");
  check(labels.shape() == shape || labels.shape() == column, "cross_entropy: labels must have shape ", shape, ", got ", labels.shape(),
        " for logits ", logits.shape());
  const Targets targets{.labels = labels.reshape(shape),
                        .distribution = {},
                        .ignore_class = options.ignore_class,
                        .smoothing = options.label_smoothing,
                        .rows = element_count(shape),
                        .classes = classes};
  for (std::int64_t row = 0; row < targets.rows; ++row) {
    const std::int32_t label = labels.data<std::int32_t>()[static_cast<std::size_t>(row)];
    check(targets.ignores(row) || (label >= 0 && label < classes), "cross_entropy: labels must lie in [0, ", classes, "), got ", label, " in row ",
          row, " (ignore_class leaves a label out)");
  }
  return loss("cross_entropy", logits, targets, options);
}

Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossEntropyOptions& options) {
  const std::int64_t classes = classes_of("categorical_crossentropy", y_pred);
  check(y_true.shape() == y_pred.shape(), "categorical_crossentropy: y_true must have the predictions' shape ", y_pred.shape(), ", got ",
        y_true.shape(), " (cross_entropy takes labels)");
  check(!options.ignore_class, "categorical_crossentropy: ignore_class needs labels, got distributions (cross_entropy takes labels)");
  const Targets targets{.labels = {},
                        .distribution = y_true.cast(accumulator_of(y_pred.dtype())),
                        .ignore_class = {},
                        .smoothing = options.label_smoothing,
                        .rows = y_pred.size() / classes,
                        .classes = classes};
  return loss("categorical_crossentropy", y_pred, targets, options);
}

}  // namespace linnet::ops
