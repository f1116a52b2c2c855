#include "framework/train/metrics.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

Tensor vector(const std::vector<double>& values) { return Tensor::from(values, {static_cast<std::int64_t>(values.size())}); }
Tensor labels(const std::vector<std::int32_t>& values) { return Tensor::from(values, {static_cast<std::int64_t>(values.size())}); }

double once(const std::string& name, const std::string& config, const Tensor& y_true, const Tensor& y_pred, const Tensor& weight = {}) {
  const auto metric = make_metric(name, config);
  metric->update(y_true, y_pred, weight);
  return metric->result();
}

// Four rows of three decisions.
const Tensor kTargets = Tensor::from<double>({1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1}, {4, 3});
const Tensor kScores = Tensor::from<double>({.6, .3, .1, .2, .5, .7, .4, .6, .3, .5, .1, .9}, {4, 3});
const Tensor kWeights = vector({1, 2, .5, 1});

}  // namespace

// Expected values without a comment come from Keras 3.15.1.
BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(the_area_under_a_curve_by_each_sum, *boost::unit_test::tolerance(1e-6)) {
  const Tensor t = vector({0, 1, 1, 0, 1, 0, 1, 1}), p = vector({.1, .9, .35, .4, .65, .7, .55, .2}), w = vector({1, 2, 1, .5, 1, 1, 3, 1});
  const auto area = [&](const std::string& curve, const std::string& sum) {
    return once("AUC", R"({"num_thresholds": 5, "curve": ")" + curve + R"(", "summation_method": ")" + sum + "\"}", t, p, w);
  };
  BOOST_TEST(area("ROC", "interpolation") == 0.7375);
  BOOST_TEST(area("ROC", "minoring") == 0.6);
  BOOST_TEST(area("ROC", "majoring") == 0.875);
  BOOST_TEST(area("PR", "interpolation") == 0.9038355350494385);
  BOOST_TEST(area("PR", "minoring") == 0.6267507076263428);
  BOOST_TEST(area("PR", "majoring") == 0.9600840210914612);
  std::vector<double> logits;
  for (const double value : p.to_vector()) logits.push_back(8 * value - 4);
  BOOST_TEST(once("AUC", R"({"num_thresholds": 5, "from_logits": true})", t, vector(logits)) == 0.5333333611488342);
}

BOOST_AUTO_TEST_CASE(f_scores_by_each_average, *boost::unit_test::tolerance(1e-6)) {
  const auto score = [&](const std::string& average, bool threshold) {
    return once("FBetaScore", R"({"beta": 2, "average": ")" + average + "\"" + (threshold ? R"(, "threshold": 0.45})" : "}"), kTargets, kScores,
                kWeights);
  };
  BOOST_TEST(score("macro", false) == 0.6507936716079712);
  BOOST_TEST(score("macro", true) == 0.875);
  BOOST_TEST(score("micro", false) == 0.692307710647583);
  BOOST_TEST(score("micro", true) == 0.9154930114746094);
  BOOST_TEST(score("weighted", false) == 0.6666667461395264);
  BOOST_TEST(score("weighted", true) == 0.9196429252624512);
  FBetaScore each({.beta = 2});
  each.update(kTargets, kScores, kWeights);
  BOOST_TEST(each.per_class() == (std::vector<double>{0.714285671710968, 0.2380952537059784, 1.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_row_weight_covers_all_decisions_of_the_row, *boost::unit_test::tolerance(1e-6)) {
  const auto value = [](const std::string& name) { return once(name, R"({"thresholds": 0.45})", kTargets, kScores, kWeights); };
  BOOST_TEST(value("TruePositives") == 6.5);
  BOOST_TEST(value("FalsePositives") == 1);
  BOOST_TEST(value("TrueNegatives") == 5.5);
  BOOST_TEST(value("FalseNegatives") == 0.5);
  BOOST_TEST(value("Precision") == 0.8666666746139526);
  BOOST_TEST(value("Recall") == 0.9285714030265808);
  BOOST_TEST(once("BinaryAccuracy", "{}", kTargets, kScores, kWeights) == 0.8148148059844971);
  BOOST_TEST(once("BinaryAccuracy", "{}", kTargets, kScores, kWeights.reshape({4, 1})) == 0.8148148059844971);
}

BOOST_AUTO_TEST_CASE(each_row_counts_once_however_long, *boost::unit_test::tolerance(1e-6)) {
  MeanSquaredError metric;
  metric.update(Tensor::full({2, 3}, 1), Tensor::from<double>({0, 0, 0, 3, 3, 3}, {2, 3}), vector({1, 3}));
  metric.update(Tensor::full({1, 1}, 1), Tensor::full({1, 1}, 5));
  BOOST_TEST(metric.result() == 5.8);
}

BOOST_AUTO_TEST_CASE(probabilities_are_divided_by_their_sum, *boost::unit_test::tolerance(1e-6)) {
  BOOST_TEST(once("SparseCategoricalCrossentropy", "{}", labels({0, 2}), Tensor::from<double>({.2, .1, .1, 0, .5, .5}, {2, 3})) ==
             0.6931471824645996);
}

BOOST_AUTO_TEST_CASE(a_label_of_rank_two_is_that_of_its_row) {
  const Tensor scores = Tensor::from<double>({1, 2, 3, 0}, {2, 2});
  BOOST_TEST(once("SparseCategoricalAccuracy", "{}", labels({1, 1}), scores) == 0.5);
  BOOST_TEST(once("SparseCategoricalAccuracy", "{}", labels({1, 1}).reshape({2, 1}), scores) == 0.5);
}

BOOST_AUTO_TEST_CASE(the_mean_weighs_losses) {
  Mean mean;
  mean.update({}, Tensor::full({}, 2), Tensor::full({}, 3));
  mean.update({}, Tensor::full({}, 6), Tensor::full({}, 1));
  BOOST_TEST(mean.result() == 3);
}

// sklearn.metrics.matthews_corrcoef
BOOST_AUTO_TEST_CASE(matthews_correlation_of_two_and_of_more_classes, *boost::unit_test::tolerance(1e-12)) {
  MatthewsCorrelation two;
  two.update(labels({1, 1, 1, 0}), vector({.9, .2, .8, .7}));
  BOOST_TEST(two.result() == -1.0 / 3);
  two.update(labels({0, 0}), Tensor::from<double>({.1, .4}, {2, 1}));
  BOOST_TEST(two.result() == 1.0 / 3);
  MatthewsCorrelation three;
  const std::vector<double> scores{9, 1, 1, 1, 9, 1, 1, 9, 1, 1, 1, 9, 9, 1, 1};  // predicts 0, 1, 1, 2, 0
  three.update(labels({0, 1, 2, 2, 0}), Tensor::from(scores, {5, 3}));
  BOOST_TEST(three.result() == (4.0 * 5 - 8) / std::sqrt((25.0 - 9) * (25.0 - 9)));
  MatthewsCorrelation constant;
  constant.update(labels({0, 1}), vector({.1, .2}));
  BOOST_TEST(constant.result() == 0);
}

BOOST_AUTO_TEST_CASE(pearson_correlation_over_batches, *boost::unit_test::tolerance(1e-12)) {
  PearsonCorrelation metric;
  metric.update(vector({1e8 + 1, 1e8 + 2}), vector({2, 1}));
  metric.update(Tensor::from<double>({1e8 + 3}, {1, 1}), vector({4}));
  BOOST_TEST(metric.result() == 2 / std::sqrt(2 * 14.0 / 3));  // by hand
  metric.reset();
  metric.update(vector({1, 2, 5}), vector({3, 5, 11}), vector({1, 2, 0.5}));
  BOOST_TEST(metric.result() == 1);
  PearsonCorrelation constant;
  constant.update(vector({1, 1}), vector({1, 2}));
  BOOST_TEST(std::isnan(constant.result()));
}

BOOST_AUTO_TEST_CASE(nothing_gives_zero) {
  for (const std::string& name : metric_names()) {
    const bool averaged = name == "F1Score" || name == "FBetaScore";
    BOOST_TEST(make_metric(name, averaged ? R"({"average": "macro"})" : "{}")->result() == 0);
  }
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  const auto refuses = [](const std::string& name, const std::string& config, const Tensor& t, const Tensor& p, const Tensor& w,
                          const std::string& text) { BOOST_CHECK_EXCEPTION(once(name, config, t, p, w), std::invalid_argument, says(text)); };
  const Tensor two = vector({0, 1}), three = vector({0, 1, 1}), table = Tensor::zeros({2, 2});
  refuses("BinaryAccuracy", "{}", two, three, {}, "BinaryAccuracy: y_true must have the predictions' shape (3), got (2)");
  refuses("BinaryAccuracy", "{}", two, two, three, "BinaryAccuracy: sample_weight must have the first axes of (2), got (3)");
  refuses("Precision", R"({"thresholds": 2})", two, two, {}, "Precision: thresholds must lie in [0, 1], got 2");
  refuses("SparseCategoricalAccuracy", "{}", two, table, {}, "SparseCategoricalAccuracy: labels must be int32, got float64");
  refuses("SparseCategoricalAccuracy", "{}", labels({0, 2}), table, {}, "SparseCategoricalAccuracy: labels must lie in [0, 2), got 2 in row 1");
  refuses("SparseCategoricalAccuracy", "{}", labels({0}), table, {},
          "SparseCategoricalAccuracy: there must be a label for each row of predictions, got (1) for (2, 2)");
  refuses("CategoricalAccuracy", "{}", two, table, {}, "CategoricalAccuracy: y_true must have the predictions' shape (2, 2), got (2)");
  refuses("CategoricalAccuracy", "{}", Tensor::zeros({}), Tensor::zeros({}), {},
          "CategoricalAccuracy: predictions must have a last axis of classes, got shape ()");
  refuses("SparseTopKCategoricalAccuracy", R"({"k": 0})", two, two, {}, "SparseTopKCategoricalAccuracy: k must be at least 1, got 0");
  refuses("AUC", R"({"num_thresholds": 1})", two, two, {}, "AUC: num_thresholds must be at least 2, got 1");
  refuses("AUC", R"({"curve": "roc"})", two, two, {}, "AUC: curve must be ROC or PR, got 'roc'");
  refuses("AUC", R"({"summation_method": "sum"})", two, two, {}, "AUC: summation_method must be interpolation, minoring or majoring, got 'sum'");
  refuses("AUC", "{}", two, vector({0, std::nan("")}), {}, "AUC: predictions must be numbers, got NaN in element 1");
  refuses("F1Score", R"({"average": "mean"})", table, table, {}, "F1Score: average must be macro, micro or weighted, got 'mean'");
  refuses("F1Score", R"({"threshold": 0})", table, table, {}, "F1Score: threshold must lie in (0, 1], got 0");
  refuses("FBetaScore", R"({"beta": 0})", table, table, {}, "FBetaScore: beta must be positive, got 0");
  refuses("F1Score", "{}", table, table, {}, "F1Score: result needs an average, got none (per_class gives each class' score)");
  refuses("F1Score", "{}", two, two, {}, "F1Score: y_true and y_pred must have one shape (batch, classes), got (2) and (2)");
  refuses("MatthewsCorrelation", "{}", two, two, {}, "MatthewsCorrelation: labels must be int32, got float64");
  refuses("MatthewsCorrelation", "{}", labels({0}), two, {},
          "MatthewsCorrelation: there must be a label for each row of predictions, got (1) for (2)");
  refuses("Accuracy", "{}", two, two, {}, "make_metric: class_name must be one of AUC, BinaryAccuracy, CategoricalAccuracy, F1Score,");
  F1Score score({.average = "macro"});
  score.update(table, table);
  BOOST_CHECK_EXCEPTION(score.update(Tensor::zeros({2, 3}), Tensor::zeros({2, 3})), std::invalid_argument,
                        says("F1Score: the number of classes must stay 2, got 3"));
}

BOOST_AUTO_TEST_SUITE_END()
