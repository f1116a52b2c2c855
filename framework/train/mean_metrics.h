#pragma once

#include "framework/config/fields.h"
#include "framework/train/metric.h"

namespace linnet {

// Means over all elements. Labels are int32, (...) or (..., 1), for predictions (..., classes). Source: keras.metrics.

/// How often the largest prediction of a row, the first of equals, is that of its label.
class SparseCategoricalAccuracy : public MeanMetric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  SparseCategoricalAccuracy() : MeanMetric("SparseCategoricalAccuracy") {}
  explicit SparseCategoricalAccuracy(const Config&) : SparseCategoricalAccuracy() {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
};

/// How often the label's prediction is among the k largest of its row; ties are in its favour.
class SparseTopKCategoricalAccuracy : public MeanMetric {
 public:
  struct Config {
    std::int64_t k = 5;
    void fields(FieldVisitor& field) { field("k", k, "how many of the largest predictions count"); }
  };
  explicit SparseTopKCategoricalAccuracy(const Config& config);

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
  Config config_;
};

/// How often the largest prediction of a row is where its largest target is. y_true: the predictions' shape.
class CategoricalAccuracy : public MeanMetric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  CategoricalAccuracy() : MeanMetric("CategoricalAccuracy") {}
  explicit CategoricalAccuracy(const Config&) : CategoricalAccuracy() {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
};

/// How often (prediction > threshold) equals the target, 0 or 1.
class BinaryAccuracy : public MeanMetric {
 public:
  struct Config {
    double threshold = 0.5;
    void fields(FieldVisitor& field) { field("threshold", threshold, "above it a prediction counts as 1"); }
  };
  explicit BinaryAccuracy(const Config& config) : MeanMetric("BinaryAccuracy"), config_(config) {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
  Config config_;
};

/// The loss of ops::cross_entropy. from_logits false: probabilities, divided by their sum and clipped to [1e-7, 1 - 1e-7].
class SparseCategoricalCrossentropy : public MeanMetric {
 public:
  struct Config {
    bool from_logits = false;
    void fields(FieldVisitor& field) { field("from_logits", from_logits, "predictions are logits, not probabilities"); }
  };
  explicit SparseCategoricalCrossentropy(const Config& config) : MeanMetric("SparseCategoricalCrossentropy"), config_(config) {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
  Config config_;
};

/// (y_true - y_pred)².
class MeanSquaredError : public MeanMetric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  MeanSquaredError() : MeanMetric("MeanSquaredError") {}
  explicit MeanSquaredError(const Config&) : MeanSquaredError() {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
};

/// |y_true - y_pred|.
class MeanAbsoluteError : public MeanMetric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  MeanAbsoluteError() : MeanMetric("MeanAbsoluteError") {}
  explicit MeanAbsoluteError(const Config&) : MeanAbsoluteError() {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
};

/// The mean of y_pred: of losses, weighted by their batch sizes; y_true is not looked at and may be undefined.
class Mean : public MeanMetric {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  Mean() : MeanMetric("Mean") {}
  explicit Mean(const Config&) : Mean() {}

 private:
  MetricValues values(const Tensor& y_true, const Tensor& y_pred) const override;
};

}  // namespace linnet
