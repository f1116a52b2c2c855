#include "framework/train/f_score.h"

#include <algorithm>
#include <cmath>

#include "framework/core/error.h"

namespace linnet {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon(), in every divisor

}  // namespace

void FBetaScore::Config::fields(FieldVisitor& field) {
  field("average", average, "macro, micro or weighted");
  field("beta", beta, "how many times recall matters more than precision");
  field("threshold", threshold, "above it a prediction counts as positive");
}

void F1Score::Config::fields(FieldVisitor& field) {
  field("average", average, "macro, micro or weighted");
  field("threshold", threshold, "above it a prediction counts as positive");
}

FBetaScore::FBetaScore(std::string_view name, const Config& config) : name_(name), config_(config) {
  const std::string average = config.average.value_or("macro");
  check(average == "macro" || average == "micro" || average == "weighted", name, ": average must be macro, micro or weighted, got '", average, "'");
  check(config.beta > 0, name, ": beta must be positive, got ", config.beta);
  check(!config.threshold || (*config.threshold > 0 && *config.threshold <= 1), name, ": threshold must lie in (0, 1], got ",
        config.threshold.value_or(0));
}

void FBetaScore::reset() { counts_.clear(); }

void FBetaScore::add(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  check(y_pred.shape().size() == 2 && y_true.shape() == y_pred.shape(), name_, ": y_true and y_pred must have one shape (batch, classes), got ",
        y_true.shape(), " and ", y_pred.shape());
  const auto classes = static_cast<std::size_t>(y_pred.dim(1));
  check(counts_.empty() || counts_.size() == classes, name_, ": the number of classes must stay ", counts_.size(), ", got ", classes);
  counts_.resize(classes);
  const std::vector<double> targets = y_true.to_vector(), predictions = y_pred.cast(DType::float32).to_vector();
  const std::vector<double> weights = element_weights(name_, sample_weight, y_pred.shape());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    bool positive = false;
    if (config_.threshold) {
      positive = predictions[i] > double{static_cast<float>(*config_.threshold)};
    } else {
      const auto row = predictions.begin() + static_cast<std::int64_t>(i / classes * classes);
      positive = predictions[i] >= *std::max_element(row, row + static_cast<std::int64_t>(classes)) && std::abs(predictions[i]) > 1e-9;
    }
    Counts& counts = counts_[i % classes];
    const double predicted = positive ? 1 : 0;
    counts.true_positives += weights[i] * predicted * targets[i];
    counts.false_positives += weights[i] * predicted * (1 - targets[i]);
    counts.false_negatives += weights[i] * (1 - predicted) * targets[i];
    counts.targets += weights[i] * targets[i];
  }
}

double FBetaScore::score(const Counts& counts) const {
  const double precision = counts.true_positives / (counts.true_positives + counts.false_positives + kEpsilon);
  const double recall = counts.true_positives / (counts.true_positives + counts.false_negatives + kEpsilon);
  const double square = config_.beta * config_.beta;
  return precision * recall / (square * precision + recall + kEpsilon) * (1 + square);
}

std::vector<double> FBetaScore::per_class() const {
  std::vector<double> scores;
  for (const Counts& counts : counts_) scores.push_back(score(counts));
  return scores;
}

double FBetaScore::result() const {
  check(config_.average.has_value(), name_, ": result needs an average, got none (per_class gives each class' score)");
  if (counts_.empty()) return 0;
  Counts all;
  for (const Counts& counts : counts_) {
    all.true_positives += counts.true_positives;
    all.false_positives += counts.false_positives;
    all.false_negatives += counts.false_negatives;
    all.targets += counts.targets;
  }
  if (*config_.average == "micro") return score(all);
  double sum = 0;
  for (const Counts& counts : counts_) {
    const double share = *config_.average == "macro" ? 1 / static_cast<double>(counts_.size()) : counts.targets / (all.targets + kEpsilon);
    sum += share * score(counts);
  }
  return sum;
}

}  // namespace linnet
