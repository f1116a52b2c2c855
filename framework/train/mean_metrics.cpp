#include "framework/train/mean_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "framework/core/error.h"

namespace linnet {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

std::vector<double> as_float32(const Tensor& y_pred) { return y_pred.cast(DType::float32).to_vector(); }

/// One value for each row of predictions (..., classes).
using RowValue = std::function<double(std::span<const double> row, std::size_t index)>;

MetricValues by_rows(std::string_view metric, const Tensor& y_pred, const RowValue& value) {
  check(!y_pred.shape().empty() && y_pred.dim(-1) > 0, metric, ": predictions must have a last axis of classes, got shape ", y_pred.shape());
  const std::vector<double> predictions = as_float32(y_pred);
  MetricValues result{y_pred.shape(), {}};
  const auto classes = static_cast<std::size_t>(y_pred.dim(-1));
  result.shape.pop_back();
  for (std::size_t row = 0; row < predictions.size() / classes; ++row)
    result.values.push_back(value(std::span(predictions).subspan(row * classes, classes), row));
  return result;
}

/// As by_rows, with the label of each row.
MetricValues by_labels(std::string_view metric, const Tensor& y_true, const Tensor& y_pred,
                       const std::function<double(std::span<const double> row, std::size_t label)>& value) {
  check(y_true.dtype() == DType::int32, metric, ": labels must be int32, got ", y_true.dtype());
  check(!y_pred.shape().empty() && y_pred.dim(-1) > 0 && y_true.size() == y_pred.size() / y_pred.dim(-1), metric,
        ": there must be a label for each row of predictions, got ", y_true.shape(), " for ", y_pred.shape());
  const std::span<const std::int32_t> labels = y_true.data<std::int32_t>();
  return by_rows(metric, y_pred, [&](std::span<const double> row, std::size_t index) {
    const std::int32_t label = labels[index];
    check(label >= 0 && label < static_cast<std::int64_t>(row.size()), metric, ": labels must lie in [0, ", row.size(), "), got ", label, " in row ",
          index);
    return value(row, static_cast<std::size_t>(label));
  });
}

MetricValues by_elements(std::string_view metric, const Tensor& y_true, const Tensor& y_pred,
                         const std::function<double(double target, double prediction)>& value) {
  check_same_shape(metric, y_true, y_pred);
  MetricValues result{y_pred.shape(), as_float32(y_pred)};
  const std::vector<double> targets = y_true.to_vector();
  for (std::size_t i = 0; i < targets.size(); ++i) result.values[i] = value(targets[i], result.values[i]);
  return result;
}

std::size_t largest(std::span<const double> row) { return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin()); }

}  // namespace

MetricValues SparseCategoricalAccuracy::values(const Tensor& y_true, const Tensor& y_pred) const {
  return by_labels(name(), y_true, y_pred, [](std::span<const double> row, std::size_t label) { return largest(row) == label ? 1.0 : 0.0; });
}

SparseTopKCategoricalAccuracy::SparseTopKCategoricalAccuracy(const Config& config) : MeanMetric("SparseTopKCategoricalAccuracy"), config_(config) {
  check(config.k >= 1, "SparseTopKCategoricalAccuracy: k must be at least 1, got ", config.k);
}

MetricValues SparseTopKCategoricalAccuracy::values(const Tensor& y_true, const Tensor& y_pred) const {
  return by_labels(name(), y_true, y_pred, [this](std::span<const double> row, std::size_t label) {
    return std::ranges::count_if(row, [&](double value) { return value > row[label]; }) < config_.k ? 1.0 : 0.0;
  });
}

MetricValues CategoricalAccuracy::values(const Tensor& y_true, const Tensor& y_pred) const {
  check(y_true.shape() == y_pred.shape(), name(), ": y_true must have the predictions' shape ", y_pred.shape(), ", got ", y_true.shape());
  const std::vector<double> targets = y_true.to_vector();
  return by_rows(name(), y_pred, [&](std::span<const double> row, std::size_t index) {
    return largest(row) == largest(std::span(targets).subspan(index * row.size(), row.size())) ? 1.0 : 0.0;
  });
}

MetricValues BinaryAccuracy::values(const Tensor& y_true, const Tensor& y_pred) const {
  const double threshold = double{static_cast<float>(config_.threshold)};
  return by_elements(name(), y_true, y_pred, [=](double target, double prediction) { return (prediction > threshold) == (target == 1) ? 1.0 : 0.0; });
}

MetricValues SparseCategoricalCrossentropy::values(const Tensor& y_true, const Tensor& y_pred) const {
  return by_labels(name(), y_true, y_pred, [this](std::span<const double> row, std::size_t label) {
    double sum = 0;
    if (!config_.from_logits) {
      for (const double probability : row) sum += probability;
      return -std::log(std::clamp(row[label] / sum, kEpsilon, 1 - kEpsilon));
    }
    const double shift = row[largest(row)];
    for (const double logit : row) sum += std::exp(logit - shift);
    return std::log(sum) + shift - row[label];
  });
}

MetricValues MeanSquaredError::values(const Tensor& y_true, const Tensor& y_pred) const {
  return by_elements(name(), y_true, y_pred, [](double target, double prediction) { return (target - prediction) * (target - prediction); });
}

MetricValues MeanAbsoluteError::values(const Tensor& y_true, const Tensor& y_pred) const {
  return by_elements(name(), y_true, y_pred, [](double target, double prediction) { return std::abs(target - prediction); });
}

MetricValues Mean::values(const Tensor&, const Tensor& y_pred) const { return {y_pred.shape(), y_pred.to_vector()}; }

}  // namespace linnet
