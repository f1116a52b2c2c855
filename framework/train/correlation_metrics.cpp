#include "framework/train/correlation_metrics.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"

namespace linnet {

void MatthewsCorrelation::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  check(y_true.dtype() == DType::int32, "MatthewsCorrelation: labels must be int32, got ", y_true.dtype());
  const std::int64_t batch = y_true.size();
  const bool scores = y_pred.shape().size() == 2 && y_pred.dim(1) > 1;
  check(y_pred.shape().size() <= 2 && y_pred.size() == (scores ? batch * y_pred.dim(1) : batch),
        "MatthewsCorrelation: there must be a label for each row of predictions, got ", y_true.shape(), " for ", y_pred.shape());
  const std::vector<double> predictions = y_pred.to_vector(), weights = element_weights("MatthewsCorrelation", sample_weight, {batch});
  for (std::int64_t i = 0; i < batch; ++i) {
    const auto row = predictions.begin() + (scores ? i * y_pred.dim(1) : i);
    const std::int64_t predicted = scores ? std::max_element(row, row + y_pred.dim(1)) - row : *row > 0.5;
    counts_[{y_true.data<std::int32_t>()[static_cast<std::size_t>(i)], predicted}] += weights[static_cast<std::size_t>(i)];
  }
}

double MatthewsCorrelation::result() const {
  std::map<std::int64_t, double> labels, predictions;
  double total = 0, correct = 0;
  for (const auto& [cell, weight] : counts_) {
    labels[cell.first] += weight;
    predictions[cell.second] += weight;
    total += weight;
    if (cell.first == cell.second) correct += weight;
  }
  double both = 0, label_squares = 0, prediction_squares = 0;
  for (const auto& [label, weight] : labels) {
    const auto found = predictions.find(label);
    both += found == predictions.end() ? 0 : weight * found->second;
    label_squares += weight * weight;
  }
  for (const auto& [prediction, weight] : predictions) prediction_squares += weight * weight;
  const double scale = (total * total - label_squares) * (total * total - prediction_squares);
  return scale > 0 ? (correct * total - both) / std::sqrt(scale) : 0;
}

void PearsonCorrelation::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  check_same_shape("PearsonCorrelation", y_true, y_pred);
  const std::vector<double> x = y_true.to_vector(), y = y_pred.to_vector();
  const std::vector<double> weights = element_weights("PearsonCorrelation", sample_weight, y_pred.shape());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (weights[i] == 0) continue;
    weight_ += weights[i];
    const double dx = x[i] - mean_x_, dy = y[i] - mean_y_, share = weights[i] / weight_;
    mean_x_ += share * dx;
    mean_y_ += share * dy;
    xx_ += weights[i] * dx * (x[i] - mean_x_);
    yy_ += weights[i] * dy * (y[i] - mean_y_);
    xy_ += weights[i] * dx * (y[i] - mean_y_);
  }
}

double PearsonCorrelation::result() const { return weight_ == 0 ? 0 : xy_ / (std::sqrt(xx_) * std::sqrt(yy_)); }

}  // namespace linnet
