#include <algorithm>
#include <cmath>

#include "framework/ops/cross_entropy.h"
#include "tests/support/op_families.h"
#include "tests/support/reduced_loss.h"

namespace linnet::testing {
namespace {

/// What makes one case differ from the next.
struct Setting {
  std::string name;
  Shape shape;  // of the logits
  ops::Reduction reduction = ops::Reduction::sum_over_batch_size;
  bool weighted = false, from_logits = true, class_weighted = false;
  double smoothing = 0, scale = 1;
  std::optional<std::int32_t> ignore_class = {};
};

ops::CrossEntropyOptions options_of(const Setting& setting, const Tensors& x) {
  return {.sample_weight = setting.weighted ? x[2] : Tensor(),
          .reduction = setting.reduction,
          .from_logits = setting.from_logits,
          .ignore_class = setting.ignore_class,
          .label_smoothing = setting.smoothing,
          .class_weight = setting.class_weighted ? x[3] : Tensor()};
}

/// -log of each class' probability.
std::vector<double> costs(const double* x, std::size_t classes, bool from_logits) {
  std::vector<double> result(classes);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += from_logits ? std::exp(x[c] - x[0]) : x[c];
  for (std::size_t c = 0; c < classes; ++c) result[c] = from_logits ? std::log(sum) - (x[c] - x[0]) : -std::log(x[c] / sum);
  return result;
}

/// x: logits, targets as one row a row of logits, weights, class weights.
Array reference(const Setting& setting, const Arrays& x, const std::vector<std::vector<double>>& targets, const std::vector<int>& valid) {
  Shape rows = setting.shape;
  rows.pop_back();
  Array losses = Array::zeros(rows), weights = losses;
  const auto classes = static_cast<std::size_t>(setting.shape.back());
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const std::vector<double> cost = costs(x[0].values.data() + r * classes, classes, setting.from_logits);
    for (std::size_t c = 0; c < classes; ++c)
      losses.values[r] += (targets[r][c] * (1 - setting.smoothing) + setting.smoothing / static_cast<double>(classes)) * cost[c];
    const auto label = static_cast<std::size_t>(std::max_element(targets[r].begin(), targets[r].end()) - targets[r].begin());
    weights.values[r] = (setting.weighted ? x[2].values[r] : 1) * (setting.class_weighted ? x[3].values[label] : 1);
  }
  return reduced_loss(losses, &weights, valid, setting.reduction);
}

OpInput predictions(const Setting& setting) {
  OpInput input = normal(setting.shape, setting.scale);
  if (setting.from_logits) return input;
  for (std::int64_t i = 0; i < element_count(setting.shape); ++i) input.values.push_back(double{0.05f + static_cast<float>(i * 29 % 31) / 31.0f});
  return input;
}

OpCase case_of(const Setting& setting) {
  Shape rows = setting.shape;
  rows.pop_back();
  OpCase result;
  result.name = setting.name;
  OpInput class_weight = constant({setting.shape.back()});
  for (std::int64_t c = 0; c < setting.shape.back(); ++c) class_weight.values.push_back(0.5 * static_cast<double>(c));
  result.inputs = {predictions(setting), constant(setting.shape), constant(rows), class_weight};
  result.terms = element_count(setting.shape);
  result.amplification = 4 * setting.scale;
  return result;
}

OpCase sparse(const Setting& setting) {
  OpCase result = case_of(setting);
  Shape rows = setting.shape;
  rows.pop_back();
  std::vector<double> labels;
  for (std::int64_t r = 0; r < element_count(rows); ++r)
    labels.push_back(setting.ignore_class && r % 3 == 1 ? *setting.ignore_class : static_cast<double>(r * 7 % setting.shape.back()));
  result.inputs[1] = integers(rows, labels);
  result.call = [=](const Tensors& x) -> Tensors { return {ops::cross_entropy(x[0], x[1], options_of(setting, x))}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    std::vector<std::vector<double>> targets;
    std::vector<int> valid;
    for (const double label : labels) {
      const bool ignored = setting.ignore_class && label == *setting.ignore_class;
      targets.emplace_back(static_cast<std::size_t>(setting.shape.back()));
      if (!ignored) targets.back()[static_cast<std::size_t>(label)] = 1;
      valid.push_back(!ignored);
    }
    return {reference(setting, x, targets, valid)};
  };
  return result;
}

OpCase dense(const Setting& setting) {
  OpCase result = case_of(setting);
  result.call = [=](const Tensors& x) -> Tensors { return {ops::categorical_crossentropy(x[1], x[0], options_of(setting, x))}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    std::vector<std::vector<double>> targets;
    const std::int64_t classes = setting.shape.back();
    for (std::int64_t at = 0; at < element_count(setting.shape); at += classes)
      targets.emplace_back(x[1].values.begin() + at, x[1].values.begin() + at + classes);
    return {reference(setting, x, targets, {})};
  };
  return result;
}

std::vector<Setting> settings() {
  using ops::Reduction;
  return {{.name = "mean", .shape = {4, 3}},
          {.name = "weighted mean over two axes", .shape = {2, 4, 3}, .weighted = true},
          {.name = "sum", .shape = {4, 3}, .reduction = Reduction::sum, .weighted = true},
          {.name = "each row", .shape = {4, 3}, .reduction = Reduction::none, .weighted = true},
          {.name = "mean by the weights", .shape = {4, 3}, .reduction = Reduction::mean_with_sample_weight, .weighted = true},
          {.name = "probabilities", .shape = {4, 3}, .from_logits = false},
          {.name = "smoothed", .shape = {4, 3}, .smoothing = 0.1},
          {.name = "smoothed probabilities", .shape = {4, 3}, .from_logits = false, .smoothing = 0.1},
          {.name = "class weights", .shape = {5, 3}, .weighted = true, .class_weighted = true},
          {.name = "class weights in the mean", .shape = {5, 3}, .reduction = Reduction::mean_with_sample_weight, .class_weighted = true},
          {.name = "large logits", .shape = {4, 3}, .scale = 50},
          {.name = "one class", .shape = {3, 1}},
          {.name = "a vector", .shape = {4}},
          {.name = "no rows", .shape = {0, 4}},
          {.name = "odd width over several parts", .shape = {90, 301}, .weighted = true}};
}

}  // namespace

OpFamily cross_entropy_family() {
  OpFamily family{.op = "cross_entropy", .cases = {}, .bad_calls = {}};
  for (const Setting& setting : settings()) family.cases.push_back(sparse(setting));
  for (const ops::Reduction reduction :
       {ops::Reduction::sum_over_batch_size, ops::Reduction::sum, ops::Reduction::none, ops::Reduction::mean_with_sample_weight})
    family.cases.push_back(sparse(
        {.name = "an ignored class", .shape = {2, 4, 3}, .reduction = reduction, .weighted = true, .class_weighted = true, .ignore_class = -1}));
  family.cases.push_back(sparse({.name = "nothing but the ignored class", .shape = {1, 3}, .ignore_class = 0}));
  const Tensor logits = Tensor::zeros({2, 3}), labels = Tensor::zeros({2}, DType::int32);
  family.bad_calls = {
      {[=] {
         ops::cross_entropy(logits, Tensor::from<std::int32_t>({0, 3}, {2}));
       },
       "cross_entropy: labels must lie in [0, 3), got 3 in row 1 (ignore_class leaves a label out)"},
      {[=] {
         ops::cross_entropy(logits, Tensor::from<std::int32_t>({-1, 0}, {2}));
       },
       "cross_entropy: labels must lie in [0, 3), got -1 in row 0 (ignore_class leaves a label out)"},
      {[=] { ops::cross_entropy(logits, Tensor::zeros({2})); },
       "cross_entropy: labels must be int32, got float32 (categorical_crossentropy takes distributions)"},
      {[=] { ops::cross_entropy(logits, Tensor::zeros({3}, DType::int32)); }, "cross_entropy: labels must have shape (2), got (3) for logits (2, 3)"},
      {[=] { ops::cross_entropy(Tensor::zeros({}), labels); }, "cross_entropy: predictions must have a last axis of classes, got shape ()"},
      {[=] { ops::cross_entropy(logits, labels, {.label_smoothing = 1.5}); }, "cross_entropy: label_smoothing must lie in [0, 1], got 1.5"},
      {[=] { ops::cross_entropy(logits, labels, {.class_weight = Tensor::zeros({2})}); }, "cross_entropy: class_weight must have shape (3), got (2)"},
      {[=] { ops::cross_entropy(logits, labels, {.sample_weight = Tensor::zeros({3})}); },
       "cross_entropy: sample_weight must broadcast to the losses' shape (2), got (3)"}};
  return family;
}

OpFamily categorical_crossentropy_family() {
  OpFamily family{.op = "categorical_crossentropy", .cases = {}, .bad_calls = {}};
  for (const Setting& setting : settings()) family.cases.push_back(dense(setting));
  const Tensor logits = Tensor::zeros({2, 3});
  family.bad_calls = {{[=] { ops::categorical_crossentropy(Tensor::zeros({2}), logits); },
                       "categorical_crossentropy: y_true must have the predictions' shape (2, 3), got (2) (cross_entropy takes labels)"},
                      {[=] { ops::categorical_crossentropy(logits, logits, {.ignore_class = 0}); },
                       "categorical_crossentropy: ignore_class needs labels, got distributions (cross_entropy takes labels)"}};
  return family;
}

}  // namespace linnet::testing
