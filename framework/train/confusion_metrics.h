#pragma once

#include <string>

#include "framework/config/fields.h"
#include "framework/train/metric.h"

namespace linnet {

/// Weights of the elements by target (0, or 1 for anything else) and prediction (above the threshold or not).
struct ConfusionCounts {
  double true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;
};

struct ConfusionConfig {
  double thresholds = 0.5;  ///< Keras' name; one number
  void fields(FieldVisitor& field) { field("thresholds", thresholds, "above it a prediction counts as positive"); }
};

/// What the counts of one threshold make. Throws unless 0 <= thresholds <= 1. Source: keras.metrics.Precision and so on.
class ConfusionMetric : public Metric {
 public:
  using Config = ConfusionConfig;
  double result() const override { return formula_(counts_); }
  void reset() override { counts_ = {}; }

 protected:
  ConfusionMetric(std::string_view name, const Config& config, double (*formula)(const ConfusionCounts&));

 private:
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;

  std::string_view name_;
  Config config_;
  double (*formula_)(const ConfusionCounts&);
  ConfusionCounts counts_;
};

/// Positives that are positive.
class TruePositives : public ConfusionMetric {
 public:
  explicit TruePositives(const Config& config = {});
};
/// Negatives that are predicted to be positive.
class FalsePositives : public ConfusionMetric {
 public:
  explicit FalsePositives(const Config& config = {});
};
/// Negatives that are negative.
class TrueNegatives : public ConfusionMetric {
 public:
  explicit TrueNegatives(const Config& config = {});
};
/// Positives that are predicted to be negative.
class FalseNegatives : public ConfusionMetric {
 public:
  explicit FalseNegatives(const Config& config = {});
};
/// True positives of all predicted positives; 0 if there are none.
class Precision : public ConfusionMetric {
 public:
  explicit Precision(const Config& config = {});
};
/// True positives of all positives; 0 if there are none.
class Recall : public ConfusionMetric {
 public:
  explicit Recall(const Config& config = {});
};

/// The area under the ROC or precision-recall curve through num_thresholds thresholds spread evenly over [0, 1]; predictions
/// are clipped to it. Throws unless num_thresholds >= 2 and the names are known. Source: keras.metrics.AUC.
class AUC : public Metric {
 public:
  struct Config {
    std::int64_t num_thresholds = 200;
    std::string curve = "ROC";                       ///< or PR
    std::string summation_method = "interpolation";  ///< or minoring, majoring
    bool from_logits = false;                        ///< predictions go through a sigmoid first
    void fields(FieldVisitor& field);
  };
  AUC() : AUC(Config()) {}
  explicit AUC(const Config& config);
  double result() const override;
  void reset() override;

 private:
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;

  Config config_;
  std::vector<double> positives_, negatives_;  // weights of the targets whose prediction lies just above each threshold
};

}  // namespace linnet
