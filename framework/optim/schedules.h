#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/fields.h"

namespace linnet {

/// A learning rate for the 0-based number of an optimizer's step. Below s is the step, T decay_steps.
using Schedule = std::function<double(std::int64_t step)>;

// Structs with Keras' names and defaults that are called with a step. A call computes in double; evaluate<float> rounds where
// Keras does under floatx float32, its default. Both throw std::invalid_argument if the numbers of steps make no schedule.

/// initial_learning_rate * decay_rate^(s / T), s / T rounded down if staircase.
struct ExponentialDecay {
  double initial_learning_rate = 0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// initial_learning_rate / (1 + decay_rate s / T), s / T rounded down if staircase.
struct InverseTimeDecay {
  double initial_learning_rate = 0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// values[i] for the first boundary with s <= boundaries[i], else the last value. Throws unless values has one more element and
/// boundaries ascend.
struct PiecewiseConstantDecay {
  std::vector<std::int64_t> boundaries = {};
  std::vector<double> values = {};
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// (initial_learning_rate - end_learning_rate) (1 - min(s, T) / T)^power + end_learning_rate; cycle: T grows to the next
/// multiple that covers s instead.
struct PolynomialDecay {
  double initial_learning_rate = 0;
  std::int64_t decay_steps = 0;
  double end_learning_rate = 1e-4, power = 1;
  bool cycle = false;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// initial_learning_rate ((1 - alpha) (1 + cos(pi s / T)) / 2 + alpha), s at most T. With warmup_target: linear from
/// initial_learning_rate to the target over warmup_steps, then the cosine from the target over T more steps.
/// Source: Loshchilov and Hutter 2016, arXiv:1608.03983.
struct CosineDecay {
  double initial_learning_rate = 0;
  std::int64_t decay_steps = 0;
  double alpha = 0;
  std::optional<double> warmup_target = {};
  std::int64_t warmup_steps = 0;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// Cosines that restart: the first lasts first_decay_steps, each next one t_mul times as long from m_mul times as high.
/// Source: Loshchilov and Hutter 2016, arXiv:1608.03983.
struct CosineDecayRestarts {
  double initial_learning_rate = 0;
  std::int64_t first_decay_steps = 0;
  double t_mul = 2, m_mul = 1, alpha = 0;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// initial_learning_rate (s / warmup_steps)^power while s < warmup_steps, then decay(s): nothing is subtracted from s.
/// Not in Keras; as in the TensorFlow Models' BERT code.
struct WarmUp {
  double initial_learning_rate = 0;
  std::int64_t warmup_steps = 0;
  double power = 1;
  Schedule decay = {};
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// learning_rate s / num_warmup_steps while s <= num_warmup_steps, then linearly down to 0 at num_train_steps.
/// Not in Keras; as in KerasHub's BERT examples.
struct LinearDecayWithWarmup {
  double learning_rate = 0;
  std::int64_t num_warmup_steps = 0, num_train_steps = 0;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// peak s / warmup_steps while s < warmup_steps, then linearly down to 0 at total_steps. warmup_steps may be 0.
/// Source: transformers.get_linear_schedule_with_warmup.
struct LinearWarmup {
  double peak = 0;
  std::int64_t warmup_steps = 0, total_steps = 0;
  void fields(FieldVisitor& field);
  template <class T>
  T evaluate(std::int64_t step) const;
  double operator()(std::int64_t step) const { return evaluate<double>(step); }
};

/// A schedule by class name, with `config` as JSON. Throws std::invalid_argument that lists the names, or names the key and
/// value. WarmUp holds another schedule and is not among them. precision: float64, or float32 for evaluate<float>.
Schedule make_schedule(std::string_view class_name, std::string_view config, DType precision = DType::float64);

}  // namespace linnet
