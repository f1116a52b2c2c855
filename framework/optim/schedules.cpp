#include "framework/optim/schedules.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"
#include "framework/core/shape.h"

namespace linnet {
namespace {

constexpr double kPi = 3.14159265358979323846;

void check_steps(std::string_view schedule, std::string_view name, std::int64_t steps) {
  check(steps > 0, schedule, ": ", name, " must be positive, got ", steps);
}

template <class T>
T periods(std::int64_t step, std::int64_t decay_steps, bool staircase) {
  const T ratio = static_cast<T>(step) / static_cast<T>(decay_steps);
  return staircase ? std::floor(ratio) : ratio;
}

/// 1 to 0 over fractions 0 to 1. In double: near the end 1 + cos cancels, and libraries' float32 cosines differ.
template <class T>
T cosine(T fraction) {
  return static_cast<T>(0.5 * (1 + std::cos(kPi * static_cast<double>(fraction))));
}

/// From peak at `begin` to 0 at `end`.
template <class T>
T linear_decay(T peak, std::int64_t step, std::int64_t begin, std::int64_t end) {
  return std::max(T(0), peak * static_cast<T>(end - step) / static_cast<T>(end - begin));
}

}  // namespace

template <class T>
T ExponentialDecay::evaluate(std::int64_t step) const {
  check_steps("ExponentialDecay", "decay_steps", decay_steps);
  return static_cast<T>(initial_learning_rate) * std::pow(static_cast<T>(decay_rate), periods<T>(step, decay_steps, staircase));
}

template <class T>
T InverseTimeDecay::evaluate(std::int64_t step) const {
  check_steps("InverseTimeDecay", "decay_steps", decay_steps);
  return static_cast<T>(initial_learning_rate) / (1 + static_cast<T>(decay_rate) * periods<T>(step, decay_steps, staircase));
}

template <class T>
T PiecewiseConstantDecay::evaluate(std::int64_t step) const {
  check(values.size() == boundaries.size() + 1, "PiecewiseConstantDecay: values must have one element more than boundaries, got ", values.size(),
        " and ", boundaries.size());
  check(std::ranges::is_sorted(boundaries), "PiecewiseConstantDecay: boundaries must ascend, got ", Shape(boundaries));
  const auto found = std::ranges::lower_bound(boundaries, step);  // the first boundary at or after the step
  return static_cast<T>(values[static_cast<std::size_t>(found - boundaries.begin())]);
}

template <class T>
T PolynomialDecay::evaluate(std::int64_t step) const {
  check_steps("PolynomialDecay", "decay_steps", decay_steps);
  const T end = static_cast<T>(end_learning_rate);
  T s = static_cast<T>(step), total = static_cast<T>(decay_steps);
  if (cycle) total *= step == 0 ? T(1) : std::ceil(s / total);
  else s = std::min(s, total);
  return (static_cast<T>(initial_learning_rate) - end) * std::pow(1 - s / total, static_cast<T>(power)) + end;
}

template <class T>
T CosineDecay::evaluate(std::int64_t step) const {
  check_steps("CosineDecay", "decay_steps", decay_steps);
  const T total = static_cast<T>(decay_steps), initial = static_cast<T>(initial_learning_rate);
  const T low = static_cast<T>(alpha), high = static_cast<T>(1 - alpha);
  if (!warmup_target) return initial * (high * cosine(std::min(static_cast<T>(step), total) / total) + low);
  const T warmup = static_cast<T>(warmup_steps), target = static_cast<T>(*warmup_target), s = std::min(static_cast<T>(step), total + warmup);
  if (s < warmup) return (target - initial) * (s / warmup) + initial;
  return target * (high * cosine((s - warmup) / total) + low);
}

template <class T>
T CosineDecayRestarts::evaluate(std::int64_t step) const {
  check_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps);
  check(t_mul > 0, "CosineDecayRestarts: t_mul must be positive, got ", t_mul);
  const T growth = static_cast<T>(t_mul);
  T fraction = static_cast<T>(step) / static_cast<T>(first_decay_steps), restarts = 0;
  if (growth == 1) {
    restarts = std::floor(fraction);
    fraction -= restarts;
  } else {
    restarts = std::floor(std::log(1 - fraction * (1 - growth)) / std::log(growth));
    const T length = std::pow(growth, restarts);
    fraction = (fraction - (1 - length) / (1 - growth)) / length;
  }
  const T height = std::pow(static_cast<T>(m_mul), restarts), low = static_cast<T>(alpha);
  return static_cast<T>(initial_learning_rate) * ((1 - low) * (height * cosine(fraction)) + low);
}

template <class T>
T WarmUp::evaluate(std::int64_t step) const {
  check(static_cast<bool>(decay), "WarmUp: decay must be set, got none");
  if (step >= warmup_steps) return static_cast<T>(decay(step));
  return static_cast<T>(initial_learning_rate) * std::pow(static_cast<T>(step) / static_cast<T>(warmup_steps), static_cast<T>(power));
}

template <class T>
T LinearDecayWithWarmup::evaluate(std::int64_t step) const {
  check_steps("LinearDecayWithWarmup", "num_warmup_steps", num_warmup_steps);
  check(num_warmup_steps < num_train_steps, "LinearDecayWithWarmup: num_warmup_steps must be less than num_train_steps, got ", num_warmup_steps,
        " and ", num_train_steps);
  const T peak = static_cast<T>(learning_rate);
  if (step <= num_warmup_steps) return peak * static_cast<T>(step) / static_cast<T>(num_warmup_steps);
  return linear_decay(peak, step, num_warmup_steps, num_train_steps);
}

template <class T>
T LinearWarmup::evaluate(std::int64_t step) const {
  check(warmup_steps >= 0 && warmup_steps < total_steps, "LinearWarmup: warmup_steps must lie in [0, total_steps), got ", warmup_steps, " and ",
        total_steps);
  if (step < warmup_steps) return static_cast<T>(peak) * static_cast<T>(step) / static_cast<T>(warmup_steps);
  return linear_decay(static_cast<T>(peak), step, warmup_steps, total_steps);
}

#define LINNET_INSTANTIATE(Name)                            \
  template float Name::evaluate<float>(std::int64_t) const; \
  template double Name::evaluate<double>(std::int64_t) const;
LINNET_INSTANTIATE(ExponentialDecay)
LINNET_INSTANTIATE(InverseTimeDecay)
LINNET_INSTANTIATE(PiecewiseConstantDecay)
LINNET_INSTANTIATE(PolynomialDecay)
LINNET_INSTANTIATE(CosineDecay)
LINNET_INSTANTIATE(CosineDecayRestarts)
LINNET_INSTANTIATE(WarmUp)
LINNET_INSTANTIATE(LinearDecayWithWarmup)
LINNET_INSTANTIATE(LinearWarmup)
#undef LINNET_INSTANTIATE

void ExponentialDecay::fields(FieldVisitor& field) {
  field("initial_learning_rate", initial_learning_rate);
  field("decay_steps", decay_steps);
  field("decay_rate", decay_rate);
  field("staircase", staircase);
}

void InverseTimeDecay::fields(FieldVisitor& field) {
  field("initial_learning_rate", initial_learning_rate);
  field("decay_steps", decay_steps);
  field("decay_rate", decay_rate);
  field("staircase", staircase);
}

void PiecewiseConstantDecay::fields(FieldVisitor& field) {
  field("boundaries", boundaries);
  field("values", values);
}

void PolynomialDecay::fields(FieldVisitor& field) {
  field("initial_learning_rate", initial_learning_rate);
  field("decay_steps", decay_steps);
  field("end_learning_rate", end_learning_rate);
  field("power", power);
  field("cycle", cycle);
}

void CosineDecay::fields(FieldVisitor& field) {
  field("initial_learning_rate", initial_learning_rate);
  field("decay_steps", decay_steps);
  field("alpha", alpha);
  field("warmup_target", warmup_target);
  field("warmup_steps", warmup_steps);
}

void CosineDecayRestarts::fields(FieldVisitor& field) {
  field("initial_learning_rate", initial_learning_rate);
  field("first_decay_steps", first_decay_steps);
  field("t_mul", t_mul);
  field("m_mul", m_mul);
  field("alpha", alpha);
}

void LinearDecayWithWarmup::fields(FieldVisitor& field) {
  field("learning_rate", learning_rate);
  field("num_warmup_steps", num_warmup_steps);
  field("num_train_steps", num_train_steps);
}

void LinearWarmup::fields(FieldVisitor& field) {
  field("peak", peak);
  field("warmup_steps", warmup_steps);
  field("total_steps", total_steps);
}

}  // namespace linnet
