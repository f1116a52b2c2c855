#pragma once

#include <map>
#include <utility>

#include "framework/config/fields.h"
#include "framework/train/metric.h"

namespace linnet {

/// Matthews correlation of labels and predicted classes over all batches, for two or more classes; 0 where a side has one class
/// only. y_true: int32, (batch) or (batch, 1). y_pred: (batch, classes), the largest counts, or (batch) or (batch, 1), above 0.5
/// is class 1. Source: Matthews 1975; Gorodkin 2004 (R_K), as sklearn.metrics.matthews_corrcoef.
class MatthewsCorrelation : public Metric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  MatthewsCorrelation() = default;
  explicit MatthewsCorrelation(const Config&) {}
  double result() const override;
  void reset() override { counts_.clear(); }

 private:
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;

  std::map<std::pair<std::int64_t, std::int64_t>, double> counts_;  // weight of each (label, prediction)
};

/// Pearson correlation of targets and predictions over all batches (Keras' class of this name averages over rows instead); NaN
/// where a side is constant. y_true, y_pred: one shape. Source: Pearson 1895; sums as Welford 1962, which do not cancel.
class PearsonCorrelation : public Metric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  PearsonCorrelation() = default;
  explicit PearsonCorrelation(const Config&) {}
  double result() const override;
  void reset() override { *this = PearsonCorrelation(); }

 private:
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;

  double weight_ = 0, mean_x_ = 0, mean_y_ = 0, xx_ = 0, yy_ = 0, xy_ = 0;
};

}  // namespace linnet
