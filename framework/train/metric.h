#pragma once

#include <string_view>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// A number that gathers over the batches of an epoch, with Keras' names and meanings; sums are in double.
class Metric {
 public:
  virtual ~Metric() = default;
  /// Adds a batch. sample_weight: the first axes of y_true's shape (one weight for each element below them, a last axis of 1
  /// aside), or undefined for ones. Predictions count in float32, as in Keras. Throws std::invalid_argument beginning with the
  /// metric's class name on other shapes.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) { add(y_true, y_pred, sample_weight); }
  /// Of everything since the start or reset(); 0 if that is nothing.
  virtual double result() const = 0;
  /// Forgets all updates.
  virtual void reset() = 0;

 private:
  virtual void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) = 0;
};

/// One number for each element of a batch.
struct MetricValues {
  Shape shape;
  std::vector<double> values;
};

/// The weight of each element of `shape`: `sample_weight` covers its first axes.
std::vector<double> element_weights(std::string_view metric, const Tensor& sample_weight, const Shape& shape);
/// Throws unless the shapes agree, a last axis of 1 aside.
void check_same_shape(std::string_view metric, const Tensor& y_true, const Tensor& y_pred);

/// The weighted mean of values; each row of the first axis counts once, however long. Source: keras.metrics.MeanMetricWrapper.
class MeanMetric : public Metric {
 public:
  double result() const override { return count_ == 0 ? 0 : total_ / count_; }
  void reset() override { total_ = count_ = 0; }

 protected:
  explicit MeanMetric(std::string_view name) : name_(name) {}
  std::string_view name() const { return name_; }

 private:
  virtual MetricValues values(const Tensor& y_true, const Tensor& y_pred) const = 0;
  void add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override;

  std::string_view name_;  // a literal
  double total_ = 0, count_ = 0;
};

}  // namespace linnet
