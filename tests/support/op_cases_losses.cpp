#include <algorithm>
#include <cmath>

#include "framework/core/error.h"
#include "framework/ops/losses.h"
#include "tests/support/op_families.h"
#include "tests/support/reduced_loss.h"

namespace linnet::testing {
namespace {

constexpr double kEpsilon = 1e-7;

using Call = std::function<Tensor(const Tensor& t, const Tensor& p, const ops::LossOptions& options)>;
/// The loss of one row.
using Row = std::function<double(const std::vector<double>& t, const std::vector<double>& p)>;
using Element = std::function<double(double t, double p)>;

Row mean_of(const Element& element) {
  return [=](const std::vector<double>& t, const std::vector<double>& p) {
    double sum = 0;
    for (std::size_t i = 0; i < t.size(); ++i) sum += element(t[i], p[i]);
    return sum / static_cast<double>(t.size());
  };
}

/// 0.05 to 0.95, as float32.
OpInput probabilities(const Shape& shape, int seed, bool differentiable) {
  OpInput input = differentiable ? normal(shape) : constant(shape);
  for (std::int64_t i = 0; i < element_count(shape); ++i)
    input.values.push_back(double{0.05f + 0.9f * static_cast<float>((i * 37 + seed) % 41) / 41.0f});
  return input;
}

enum class Data { real, probabilities };

OpCase loss_case(const std::string& name, const Shape& shape, ops::Reduction reduction, bool weighted, Data data, const Call& call, const Row& row) {
  Shape rows = shape;
  rows.pop_back();
  OpCase result;
  result.name = name;
  if (data == Data::real) result.inputs = {constant(shape), normal(shape), constant(rows)};
  else result.inputs = {probabilities(shape, 5, false), probabilities(shape, 11, true), constant(rows)};
  result.call = [=](const Tensors& x) -> Tensors {
    return {call(x[0], x[1], {.sample_weight = weighted ? x[2] : Tensor(), .reduction = reduction})};
  };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array losses = Array::zeros(rows);
    const std::int64_t columns = shape.back();
    for (std::size_t r = 0; r < losses.values.size(); ++r) {
      const auto begin = static_cast<std::int64_t>(r) * columns;
      losses.values[r] = row({x[0].values.begin() + begin, x[0].values.begin() + begin + columns},
                             {x[1].values.begin() + begin, x[1].values.begin() + begin + columns});
    }
    return {reduced_loss(losses, weighted ? &x[2] : nullptr, {}, reduction)};
  };
  result.terms = element_count(shape);
  result.amplification = 16;  // of terms up to 16: squares and logarithms
  return result;
}

OpFamily family(const std::string& op, Data data, const Call& call, const Row& row) {
  using ops::Reduction;
  return {.op = op,
          .cases = {loss_case("mean", {4, 3}, Reduction::sum_over_batch_size, false, data, call, row),
                    loss_case("weighted mean over two axes", {2, 4, 3}, Reduction::sum_over_batch_size, true, data, call, row),
                    loss_case("sum", {4, 3}, Reduction::sum, true, data, call, row),
                    loss_case("each row", {4, 3}, Reduction::none, true, data, call, row),
                    loss_case("mean by the weights", {4, 3}, Reduction::mean_with_sample_weight, true, data, call, row),
                    loss_case("one column", {5, 1}, Reduction::sum_over_batch_size, false, data, call, row),
                    loss_case("a vector", {5}, Reduction::sum_over_batch_size, false, data, call, row),
                    loss_case("no rows", {0, 3}, Reduction::sum_over_batch_size, false, data, call, row),
                    loss_case("several parts", {900, 40}, Reduction::sum_over_batch_size, true, data, call, row)},
          .bad_calls = {{[=] {
                           call(Tensor::zeros({2, 3}), Tensor::zeros({3, 2}), {});
                         },
                         op + ": y_true must have the predictions' shape (3, 2), got (2, 3)"},
                        {[=] { call(Tensor::zeros({}), Tensor::zeros({}), {}); }, op + ": y_pred must have at least one axis, got a scalar"},
                        {[=] {
                           call(Tensor::zeros({2, 3}), Tensor::zeros({2, 3}), {.sample_weight = Tensor::zeros({3})});
                         },
                         op + ": sample_weight must broadcast to the losses' shape (2), got (3)"},
                        {[=] { call(Tensor::zeros({2}), Tensor::zeros({2}, DType::int32), {}); },
                         op + ": dtype must be float32, float64, bfloat16 or float16, got int32"}}};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double binary(double t, double p) {
  const double q = std::clamp(p, kEpsilon, 1 - kEpsilon);
  return -(t * std::log(q) + (1 - t) * std::log(1 - q));
}
double focal(double t, double p, double gamma, double alpha) {
  const double weight = t * alpha + (1 - t) * (1 - alpha);
  return weight * std::pow(1 - (t * p + (1 - t) * (1 - p)), gamma) * binary(t, p);
}

double cosine_of(const std::vector<double>& t, const std::vector<double>& p) {
  double product = 0, tt = 0, pp = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    product += t[i] * p[i];
    tt += t[i] * t[i];
    pp += p[i] * p[i];
  }
  return -product / std::sqrt(tt * pp);
}

void add_binary_families(std::vector<OpFamily>& families) {
  for (const bool from_logits : {false, true}) {
    const auto probability = [=](double x) { return from_logits ? sigmoid(x) : x; };
    const Data data = from_logits ? Data::real : Data::probabilities;
    const Call plain = [=](const Tensor& t, const Tensor& p, const ops::LossOptions& o) {
      return ops::binary_crossentropy(t, p, {o.sample_weight, o.reduction, from_logits, 0.2});
    };
    families.push_back(
        family("binary_crossentropy", data, plain, mean_of([=](double t, double x) { return binary(0.8 * t + 0.1, probability(x)); })));
    const Call balanced = [=](const Tensor& t, const Tensor& p, const ops::LossOptions& o) {
      return ops::binary_focal_crossentropy(t, p, {o.sample_weight, o.reduction, from_logits, 0, 1.5, true, 0.3});
    };
    // Targets between 0 and 1: 1 - p_t is not negative then.
    OpFamily focals =
        family("binary_focal_crossentropy", data, balanced, mean_of([=](double t, double x) { return focal(t, probability(x), 1.5, 0.3); }));
    for (OpCase& op_case : focals.cases) op_case.inputs[0] = probabilities(op_case.inputs[0].shape, 5, false);
    families.push_back(focals);
  }
  const Tensor one = Tensor::zeros({1});
  families.back().bad_calls.push_back(
      {[=] { ops::binary_crossentropy(one, one, {.label_smoothing = 2}); }, "binary_crossentropy: label_smoothing must lie in [0, 1], got 2"});
  families.back().bad_calls.push_back({[=] { ops::binary_focal_crossentropy(one, one, {.label_smoothing = -1}); },
                                       "binary_focal_crossentropy: label_smoothing must lie in [0, 1], got -1"});
  families.back().bad_calls.push_back(
      {[=] { ops::binary_focal_crossentropy(one, one, {.gamma = -1}); }, "binary_focal_crossentropy: gamma must not be negative, got -1"});
}

}  // namespace

std::vector<OpFamily> loss_families() {
  const auto huber = [](const Tensor& t, const Tensor& p, const ops::LossOptions& options) { return ops::huber(t, p, 0.7, options); };
  const auto positive = [](double x) { return std::max(x, 0.0); };
  std::vector<OpFamily> families = {
      family("mean_squared_error", Data::real, ops::mean_squared_error, mean_of([](double t, double p) { return (t - p) * (t - p); })),
      family("mean_absolute_error", Data::real, ops::mean_absolute_error, mean_of([](double t, double p) { return std::abs(t - p); })),
      family("huber", Data::real, huber, mean_of([](double t, double p) {
               const double e = std::abs(t - p);
               return e <= 0.7 ? e * e / 2 : 0.7 * e - 0.245;
             })),
      family("log_cosh", Data::real, ops::log_cosh, mean_of([](double t, double p) { return std::log(std::cosh(p - t)); })),
      family("poisson", Data::probabilities, ops::poisson, mean_of([](double t, double p) { return p - t * std::log(p + kEpsilon); })),
      family("hinge", Data::real, ops::hinge, mean_of([=](double t, double p) { return positive(1 - t * p); })),
      family("squared_hinge", Data::real, ops::squared_hinge, mean_of([=](double t, double p) { return std::pow(positive(1 - t * p), 2); })),
      family("kl_divergence", Data::probabilities, ops::kl_divergence,
             [](const std::vector<double>& t, const std::vector<double>& p) {
               double sum = 0;
               for (std::size_t i = 0; i < t.size(); ++i) sum += t[i] * std::log(t[i] / p[i]);
               return sum;
             }),
      family("cosine_similarity", Data::real, ops::cosine_similarity, cosine_of)};
  // Targets of shape (n) for predictions of shape (n, 1), one of them alone too.
  for (const std::int64_t rows : {1, 3}) {
    OpCase flat = families[0].cases[5];
    flat.name = "targets without the last axis";
    flat.inputs = {constant({rows}), normal({rows, 1})};
    flat.call = [](const Tensors& x) -> Tensors { return {ops::mean_squared_error(x[0], x[1])}; };
    flat.reference = [](const Arrays& x) -> Arrays {
      Array result = Array::zeros({});
      for (std::size_t i = 0; i < x[0].values.size(); ++i)
        result.values[0] += std::pow(x[0].values[i] - x[1].values[i], 2) / static_cast<double>(x[0].values.size());
      return {result};
    };
    families[0].cases.push_back(flat);
  }
  families[2].bad_calls.push_back({[] { ops::reduction_from_name("average"); },
                                   "reduction: must be one of mean, mean_with_sample_weight, none, sum, sum_over_batch_size, got 'average'"});
  families[2].bad_calls.push_back({[] { ops::huber(Tensor::zeros({1}), Tensor::zeros({1}), 0); }, "huber: delta must be positive, got 0"});
  add_binary_families(families);
  return families;
}

}  // namespace linnet::testing
