#include "framework/train/metric.h"

#include <algorithm>

#include "framework/core/error.h"

namespace linnet {
namespace {

Shape without_last_one(Shape shape) {
  if (!shape.empty() && shape.back() == 1) shape.pop_back();
  return shape;
}

}  // namespace

std::vector<double> element_weights(std::string_view metric, const Tensor& sample_weight, const Shape& shape) {
  const auto elements = static_cast<std::size_t>(element_count(shape));
  if (!sample_weight.defined()) return std::vector<double>(elements, 1);
  Shape axes = sample_weight.shape();
  if (axes.size() > shape.size() || axes.size() > 1) axes = without_last_one(axes);
  check(axes.size() <= shape.size() && std::equal(axes.begin(), axes.end(), shape.begin()), metric, ": sample_weight must have the first axes of ",
        shape, ", got ", sample_weight.shape());
  const std::vector<double> weights = sample_weight.to_vector();
  std::vector<double> result(elements);
  for (std::size_t i = 0; i < elements; ++i) result[i] = weights[i / (elements / weights.size())];
  return result;
}

void check_same_shape(std::string_view metric, const Tensor& y_true, const Tensor& y_pred) {
  const auto with_one = [](Shape shape) {
    shape.push_back(1);
    return shape;
  };
  const Shape &t = y_true.shape(), &p = y_pred.shape();
  check(t == p || t == with_one(p) || with_one(t) == p, metric, ": y_true must have the predictions' shape ", y_pred.shape(), ", got ",
        y_true.shape());
}

void MeanMetric::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const MetricValues batch = values(y_true, y_pred);
  const std::vector<double> weights = element_weights(name_, sample_weight, batch.shape);
  if (weights.empty()) return;
  double total = 0, count = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    total += weights[i] * batch.values[i];
    count += weights[i];
  }
  const double row = batch.shape.empty() ? 1 : static_cast<double>(weights.size()) / static_cast<double>(batch.shape[0]);
  total_ += total / row;
  count_ += count / row;
}

}  // namespace linnet
