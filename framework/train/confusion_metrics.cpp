#include "framework/train/confusion_metrics.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"

namespace linnet {
namespace {

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace

ConfusionMetric::ConfusionMetric(std::string_view name, const Config& config, double (*formula)(const ConfusionCounts&))
    : name_(name), config_(config), formula_(formula) {
  check(config.thresholds >= 0 && config.thresholds <= 1, name, ": thresholds must lie in [0, 1], got ", config.thresholds);
}

void ConfusionMetric::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  check_same_shape(name_, y_true, y_pred);
  const std::vector<double> targets = y_true.to_vector(), predictions = y_pred.cast(DType::float32).to_vector();
  const std::vector<double> weights = element_weights(name_, sample_weight, y_pred.shape());
  const double threshold = double{static_cast<float>(config_.thresholds)};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const bool positive = targets[i] != 0, predicted = predictions[i] > threshold;
    double& count =
        predicted ? (positive ? counts_.true_positives : counts_.false_positives) : (positive ? counts_.false_negatives : counts_.true_negatives);
    count += weights[i];
  }
}

TruePositives::TruePositives(const Config& config)
    : ConfusionMetric("TruePositives", config, [](const ConfusionCounts& counts) { return counts.true_positives; }) {}
FalsePositives::FalsePositives(const Config& config)
    : ConfusionMetric("FalsePositives", config, [](const ConfusionCounts& counts) { return counts.false_positives; }) {}
TrueNegatives::TrueNegatives(const Config& config)
    : ConfusionMetric("TrueNegatives", config, [](const ConfusionCounts& counts) { return counts.true_negatives; }) {}
FalseNegatives::FalseNegatives(const Config& config)
    : ConfusionMetric("FalseNegatives", config, [](const ConfusionCounts& counts) { return counts.false_negatives; }) {}
Precision::Precision(const Config& config)
    : ConfusionMetric("Precision", config,
                      [](const ConfusionCounts& counts) { return ratio(counts.true_positives, counts.true_positives + counts.false_positives); }) {}
Recall::Recall(const Config& config)
    : ConfusionMetric("Recall", config,
                      [](const ConfusionCounts& counts) { return ratio(counts.true_positives, counts.true_positives + counts.false_negatives); }) {}

void AUC::Config::fields(FieldVisitor& field) {
  field("num_thresholds", num_thresholds, "points on the curve");
  field("curve", curve, "ROC or PR");
  field("summation_method", summation_method, "interpolation, minoring or majoring");
  field("from_logits", from_logits, "predictions are logits, not probabilities");
}

AUC::AUC(const Config& config) : config_(config) {
  check(config.num_thresholds >= 2, "AUC: num_thresholds must be at least 2, got ", config.num_thresholds);
  check(config.curve == "ROC" || config.curve == "PR", "AUC: curve must be ROC or PR, got '", config.curve, "'");
  check(config.summation_method == "interpolation" || config.summation_method == "minoring" || config.summation_method == "majoring",
        "AUC: summation_method must be interpolation, minoring or majoring, got '", config.summation_method, "'");
  reset();
}

void AUC::reset() {
  positives_.assign(static_cast<std::size_t>(config_.num_thresholds), 0);
  negatives_ = positives_;
}

void AUC::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  check_same_shape("AUC", y_true, y_pred);
  const Tensor predictions = y_pred.cast(DType::float32);
  const std::vector<double> targets = y_true.to_vector(), weights = element_weights("AUC", sample_weight, y_pred.shape());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    float p = predictions.data<float>()[i];
    check(!std::isnan(p), "AUC: predictions must be numbers, got NaN in element ", i);
    if (config_.from_logits) p = 1 / (1 + std::exp(-p));
    p = std::clamp(p, 0.0f, 1.0f);
    // In float32, as Keras: a prediction on a threshold must fall on the same side.
    const float bucket = std::ceil(p * static_cast<float>(config_.num_thresholds - 1)) - 1;
    (targets[i] != 0 ? positives_ : negatives_)[static_cast<std::size_t>(std::max(bucket, 0.0f))] += weights[i];
  }
}

double AUC::result() const {
  const std::size_t count = positives_.size();
  // true and false positives at each threshold: everything at or above it.
  std::vector<double> tp = positives_, fp = negatives_;
  for (std::size_t i = count - 1; i-- > 0;) {
    tp[i] += tp[i + 1];
    fp[i] += fp[i + 1];
  }
  const double positives = tp[0], negatives = fp[0];
  const bool roc = config_.curve == "ROC";
  double area = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (!roc && config_.summation_method == "interpolation") {
      // Between two thresholds true positives grow linearly with all positives, not precision with recall.
      // Source: Davis and Goadrich 2006, as in Keras.
      const double dtp = tp[i] - tp[i + 1], p = tp[i] + fp[i], next = tp[i + 1] + fp[i + 1];
      const double slope = ratio(dtp, std::max(p - next, 0.0)), intercept = tp[i + 1] - slope * next;
      const double growth = p > 0 && next > 0 ? p / next : 1;
      area += ratio(slope * (dtp + intercept * std::log(growth)), positives);
      continue;
    }
    const auto x = [&](std::size_t j) { return roc ? ratio(fp[j], negatives) : ratio(tp[j], positives); };
    const auto y = [&](std::size_t j) { return roc ? ratio(tp[j], positives) : ratio(tp[j], tp[j] + fp[j]); };
    const double height = config_.summation_method == "interpolation" ? (y(i) + y(i + 1)) / 2
                          : config_.summation_method == "minoring"    ? std::min(y(i), y(i + 1))
                                                                      : std::max(y(i), y(i + 1));
    area += (x(i) - x(i + 1)) * height;
  }
  return area;
}

}  // namespace linnet
