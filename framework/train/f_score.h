#pragma once

#include <optional>
#include <string>

#include "framework/config/fields.h"
#include "framework/train/metric.h"

namespace linnet {

/// (1 + beta²) P R / (beta² P + R) of the precision P and recall R of each class, then averaged over the classes: macro (each
/// counts the same), weighted (by its targets) or micro (all decisions in one pot).
/// y_true, y_pred: (batch, classes), targets 0 or 1. Positive is what exceeds `threshold`; without one, the largest of a row.
/// Throws unless the average is known, beta > 0 and 0 < threshold <= 1. Source: keras.metrics.FBetaScore.
class FBetaScore : public Metric {
 public:
  struct Config {
    std::optional<std::string> average = {};  ///< empty: result() throws, there is per_class() alone
    double beta = 1;
    std::optional<double> threshold = {};
    void fields(FieldVisitor& field);
  };
  explicit FBetaScore(const Config& config) : FBetaScore("FBetaScore", config) {}
  double result() const override;
  void reset() override;
  std::vector<double> per_class() const;

 protected:
  FBetaScore(std::string_view name, const Config& config);

 private:
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;
  struct Counts {
    double true_positives = 0, false_positives = 0, false_negatives = 0, targets = 0;
  };
  double score(const Counts& counts) const;

  std::string_view name_;
  Config config_;
  std::vector<Counts> counts_;  // of each class
};

/// FBetaScore with beta 1.
class F1Score : public FBetaScore {
 public:
  struct Config {
    std::optional<std::string> average = {};
    std::optional<double> threshold = {};
    void fields(FieldVisitor& field);
  };
  explicit F1Score(const Config& config) : FBetaScore("F1Score", {.average = config.average, .beta = 1, .threshold = config.threshold}) {}
};

}  // namespace linnet
