#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "framework/ops/activations.h"
#include "framework/ops/unary.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(exponential)

BOOST_AUTO_TEST_CASE(float32_is_right_to_the_ends_of_its_range) {
  std::vector<float> x{0, -0.0f, 88.7228f, 88.5f, 88.3763f, -87.3365f, -87.3f, -86.9899f, 1e-30f};
  for (int i = -8700; i <= 8870; ++i) x.push_back(static_cast<float>(i) / 100 + 0.003f);
  const std::vector<double> y = ops::exp(Tensor::from(x, {static_cast<std::int64_t>(x.size())})).to_vector();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] / std::exp(static_cast<double>(x[i])) - 1));
  BOOST_TEST(worst < 2.5e-7);
}

BOOST_AUTO_TEST_CASE(float32_beyond_its_range) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<double> y = ops::exp(Tensor::from(std::vector<float>{89, 1e30f, infinity, -88, -1e30f, -infinity, nan}, {7})).to_vector();
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(y[i] == infinity);
  for (std::size_t i = 3; i < 6; ++i) BOOST_TEST(y[i] < 1.2e-38);
  BOOST_TEST(std::isnan(y[6]));
}

BOOST_AUTO_TEST_CASE(gelu_of_large_numbers_is_relu) {
  const std::vector<double> y =
      ops::activate(Tensor::from(std::vector<float>{1e30f, 20, -20, -1e30f}, {4}), Activation::gelu_approximate).to_vector();
  BOOST_TEST(y[0] == 1e30f);
  BOOST_TEST(y[1] == 20);
  BOOST_TEST(std::abs(y[2]) < 1e-30);
  BOOST_TEST(y[3] == 0);
}

BOOST_AUTO_TEST_SUITE_END()
