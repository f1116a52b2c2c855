#include <boost/test/unit_test.hpp>

#include "framework/ops/losses.h"

using namespace linnet;
using ops::Reduction;

namespace {

Tensor of(const std::vector<double>& values, const Shape& shape) { return Tensor::from(values, shape).cast(DType::float64); }

/// Losses (2, 3), each a power of two, of predictions that miss 0 by them.
Tensor losses(const Tensor& sample_weight = {}) {
  return ops::mean_absolute_error(Tensor::zeros({2, 3, 1}, DType::float64), of({1, 2, 4, 8, 16, 32}, {2, 3, 1}),
                                  {.sample_weight = sample_weight, .reduction = Reduction::none});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_options)

BOOST_AUTO_TEST_CASE(sample_weights_broadcast_to_the_losses) {
  const auto weighted = [](const Tensor& weight) { return losses(weight).to_vector(); };
  const std::vector<double> all{3, 10, 28, 24, 80, 224}, by_row{3, 6, 12, 40, 80, 160};
  BOOST_TEST(weighted(of({3, 5, 7}, {3})) == all, boost::test_tools::per_element());
  BOOST_TEST(weighted(of({3, 5, 7}, {1, 3})) == all, boost::test_tools::per_element());
  BOOST_TEST(weighted(of({3, 5, 7, 3, 5, 7}, {2, 3})) == all, boost::test_tools::per_element());
  BOOST_TEST(weighted(of({3, 5, 7, 3, 5, 7}, {2, 3, 1})) == all, boost::test_tools::per_element());
  BOOST_TEST(weighted(of({3, 5}, {2, 1})) == by_row, boost::test_tools::per_element());
  BOOST_TEST(weighted(of({3}, {})) == weighted(of({3, 3, 3}, {3})), boost::test_tools::per_element());
  BOOST_CHECK_THROW(weighted(of({3, 5}, {2})), std::invalid_argument);
  BOOST_CHECK_THROW(weighted(of({3, 5, 7, 3, 5, 7}, {1, 2, 3})), std::invalid_argument);
  BOOST_CHECK_THROW(weighted(Tensor::zeros({2, 3, 2}, DType::float64)), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(hinge_losses_take_0_for_minus_1_where_all_labels_are_0_or_1) {
  const Tensor predictions = of({0.5, -2, 0.25, 3}, {2, 2});
  for (const auto loss : {ops::hinge, ops::squared_hinge}) {
    const auto each = [&](const std::vector<double>& labels) {
      return loss(of(labels, {2, 2}), predictions, {.reduction = Reduction::none}).to_vector();
    };
    BOOST_TEST(each({0, 1, 1, 0}) == each({-1, 1, 1, -1}), boost::test_tools::per_element());
    BOOST_TEST(each({0, 1, 1, -1})[0] != each({-1, 1, 1, -1})[0]);  // a 0 beside a -1 stays one
  }
  BOOST_TEST(ops::hinge(of({0, 1, 1, 0}, {2, 2}), predictions, {.reduction = Reduction::none}).to_vector() == (std::vector<double>{2.25, 2.375}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
