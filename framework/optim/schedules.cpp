#include "framework/optim/schedules.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"

namespace linnet {
namespace {

constexpr double kPi = 3.14159265358979323846;

double real(std::int64_t step) {
  return static_cast<double>(step);
}

void check_steps(std::string_view schedule, std::string_view name, std::int64_t steps) {
  check(steps > 0, schedule, ": ", name, " must be positive, got ", steps);
}

double periods(std::int64_t step, std::int64_t decay_steps, bool staircase) {
  const double ratio = real(step) / real(decay_steps);
  return staircase ? std::floor(ratio) : ratio;
}

double cosine(double fraction, double alpha) {
  return (1 - alpha) * (0.5 * (1 + std::cos(kPi * fraction))) + alpha;
}

/// From peak at `begin` to 0 at `end`.
double linear_decay(double peak, std::int64_t step, std::int64_t begin, std::int64_t end) {
  return std::max(0.0, peak * real(end - step) / real(end - begin));
}

}  // namespace

double ExponentialDecay::operator()(std::int64_t step) const {
  check_steps("ExponentialDecay", "decay_steps", decay_steps);
  return initial_learning_rate * std::pow(decay_rate, periods(step, decay_steps, staircase));
}

double InverseTimeDecay::operator()(std::int64_t step) const {
  check_steps("InverseTimeDecay", "decay_steps", decay_steps);
  return initial_learning_rate / (1 + decay_rate * periods(step, decay_steps, staircase));
}

double PiecewiseConstantDecay::operator()(std::int64_t step) const {
  check(values.size() == boundaries.size() + 1, "PiecewiseConstantDecay: values must have one element more than boundaries, got ", values.size(),
        " and ", boundaries.size());
  check(std::ranges::is_sorted(boundaries), "PiecewiseConstantDecay: boundaries must ascend, got ", Shape(boundaries));
  const auto found = std::ranges::lower_bound(boundaries, step);  // the first boundary at or after the step
  return values[static_cast<std::size_t>(found - boundaries.begin())];
}

double PolynomialDecay::operator()(std::int64_t step) const {
  check_steps("PolynomialDecay", "decay_steps", decay_steps);
  double s = real(step), total = real(decay_steps);
  if (cycle) total *= step == 0 ? 1 : std::ceil(s / total);
  else s = std::min(s, total);
  return (initial_learning_rate - end_learning_rate) * std::pow(1 - s / total, power) + end_learning_rate;
}

double CosineDecay::operator()(std::int64_t step) const {
  check_steps("CosineDecay", "decay_steps", decay_steps);
  const double total = real(decay_steps);
  if (!warmup_target) return initial_learning_rate * cosine(std::min(real(step), total) / total, alpha);
  const double s = std::min(real(step), total + real(warmup_steps)), warmup = real(warmup_steps);
  if (s < warmup) return (*warmup_target - initial_learning_rate) * (s / warmup) + initial_learning_rate;
  return *warmup_target * cosine((s - warmup) / total, alpha);
}

double CosineDecayRestarts::operator()(std::int64_t step) const {
  check_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps);
  check(t_mul > 0, "CosineDecayRestarts: t_mul must be positive, got ", t_mul);
  double fraction = real(step) / real(first_decay_steps), restarts = 0;
  if (t_mul == 1) {
    restarts = std::floor(fraction);
    fraction -= restarts;
  } else {
    restarts = std::floor(std::log(1 - fraction * (1 - t_mul)) / std::log(t_mul));
    const double length = std::pow(t_mul, restarts);
    fraction = (fraction - (1 - length) / (1 - t_mul)) / length;
  }
  const double height = std::pow(m_mul, restarts);
  return initial_learning_rate * ((1 - alpha) * (0.5 * height * (1 + std::cos(kPi * fraction))) + alpha);
}

double WarmUp::operator()(std::int64_t step) const {
  check(static_cast<bool>(decay), "WarmUp: decay must be set, got none");
  if (step >= warmup_steps) return decay(step);
  return initial_learning_rate * std::pow(real(step) / real(warmup_steps), power);
}

double LinearDecayWithWarmup::operator()(std::int64_t step) const {
  check_steps("LinearDecayWithWarmup", "num_warmup_steps", num_warmup_steps);
  check(num_warmup_steps < num_train_steps, "LinearDecayWithWarmup: num_warmup_steps must be less than num_train_steps, got ", num_warmup_steps,
        " and ", num_train_steps);
  if (step <= num_warmup_steps) return learning_rate * real(step) / real(num_warmup_steps);
  return linear_decay(learning_rate, step, num_warmup_steps, num_train_steps);
}

double LinearWarmup::operator()(std::int64_t step) const {
  check(warmup_steps >= 0 && warmup_steps < total_steps, "LinearWarmup: warmup_steps must lie in [0, total_steps), got ", warmup_steps, " and ",
        total_steps);
  if (step < warmup_steps) return peak * real(step) / real(warmup_steps);
  return linear_decay(peak, step, warmup_steps, total_steps);
}

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
