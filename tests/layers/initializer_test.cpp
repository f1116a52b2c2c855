#include "framework/layers/initializer.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

#include "framework/core/random.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Moments {
  double mean, variance, largest;
};
Moments moments_of(const Initializer& initializer, const Shape& shape) {
  set_seed(3);
  const std::vector<double> values = initializer.make(shape, DType::float64).to_vector();
  const double n = static_cast<double>(values.size()), mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double variance = 0, largest = 0;
  for (const double value : values) {
    variance += (value - mean) * (value - mean) / n;
    largest = std::max(largest, std::abs(value));
  }
  return {mean, variance, largest};
}

/// Variance and largest value that are expected of (40, 500) numbers; 4 standard errors are allowed.
void check_moments(const Initializer& initializer, double variance, double largest) {
  const Moments found = moments_of(initializer, {40, 500});
  const double n = 20000;
  BOOST_TEST(std::abs(found.mean) < 4 * std::sqrt(variance / n), initializer.class_name << ": mean " << found.mean);
  BOOST_TEST(std::abs(found.variance / variance - 1) < 4 * std::sqrt(2 / n), initializer.class_name << ": variance " << found.variance);
  BOOST_TEST(found.largest <= largest, initializer.class_name << ": largest " << found.largest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initializer)

BOOST_AUTO_TEST_CASE(scaled_ones_have_the_variance_that_keras_gives_them) {
  const double cut = 2 / .87962566103423978;  // where a truncated normal of deviation 1 ends
  for (const auto& [name, variance] : {std::pair("Glorot", 1 / 270.0), std::pair("He", 2 / 40.0), std::pair("Lecun", 1 / 40.0)}) {
    check_moments({.class_name = std::string(name) + "Uniform"}, variance, std::sqrt(3 * variance));
    check_moments({.class_name = std::string(name) + "Normal"}, variance, cut * std::sqrt(variance));
  }
  const auto scaling = [](const char* mode, const char* distribution) {
    return Initializer{.class_name = "VarianceScaling", .scale = 3, .mode = mode, .distribution = distribution};
  };
  check_moments(scaling("fan_in", "uniform"), 3 / 40.0, std::sqrt(9 / 40.0));
  check_moments(scaling("fan_out", "truncated_normal"), 3 / 500.0, cut * std::sqrt(3 / 500.0));
  check_moments(scaling("fan_avg", "untruncated_normal"), 3 / 270.0, 1);
  BOOST_TEST(moments_of(scaling("fan_avg", "untruncated_normal"), {40, 500}).largest > cut * std::sqrt(3 / 270.0));
}

BOOST_AUTO_TEST_CASE(orthogonal_ones_are_orthonormal_in_the_shorter_direction) {
  for (const Shape& shape : {Shape{7, 4}, Shape{4, 7}, Shape{5, 5}, Shape{2, 3, 4}, Shape{1, 1}}) {
    const Initializer initializer{.class_name = "Orthogonal", .gain = 2};
    const std::vector<double> x = initializer.make(shape, DType::float64).to_vector();
    const std::size_t columns = static_cast<std::size_t>(shape.back()), rows = x.size() / columns;
    const bool by_rows = rows < columns;
    const std::size_t count = std::min(rows, columns), length = std::max(rows, columns);
    const auto at = [&](std::size_t i, std::size_t k) { return by_rows ? x[i * columns + k] : x[k * columns + i]; };
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
        BOOST_TEST(std::abs(dot - (i == j ? 4 : 0)) < 1e-13);
      }
  }
}

BOOST_AUTO_TEST_CASE(identity_has_its_gain_on_the_diagonal) {
  const Initializer initializer{.class_name = "Identity", .gain = 3};
  BOOST_TEST(initializer.make({2, 3}, DType::float32).to_vector() == (std::vector<double>{3, 0, 0, 0, 3, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_seed_and_the_number_of_weights_decide) {
  const Initializer initializer{.class_name = "Orthogonal"};
  const auto two = [&](std::uint64_t seed) {
    set_seed(seed);
    return std::pair(initializer.make({3, 3}, DType::float64).to_vector(), initializer.make({3, 3}, DType::float64).to_vector());
  };
  BOOST_TEST((two(1) == two(1)));
  BOOST_TEST((two(1) != two(2)));
  BOOST_TEST((two(1).first != two(1).second));
}

BOOST_AUTO_TEST_CASE(wrong_configs_are_refused) {
  const auto make = [](const Initializer& initializer, const Shape& shape) { initializer.make(shape, DType::float32); };
  BOOST_CHECK_EXCEPTION(make({.class_name = "Glorot"}, {2, 2}), std::invalid_argument, says("initializer: must be Zeros, Ones", "got 'Glorot'"));
  BOOST_CHECK_EXCEPTION(make({.class_name = "VarianceScaling", .mode = "fan"}, {2, 2}), std::invalid_argument,
                        says("mode must be fan_in, fan_out or fan_avg, got fan"));
  BOOST_CHECK_EXCEPTION(make({.class_name = "VarianceScaling", .distribution = "cauchy"}, {2, 2}), std::invalid_argument,
                        says("distribution must be truncated_normal, untruncated_normal or uniform, got cauchy"));
  BOOST_CHECK_EXCEPTION(make({.class_name = "VarianceScaling", .scale = 0}, {2, 2}), std::invalid_argument, says("scale must be positive, got 0"));
  BOOST_CHECK_EXCEPTION(make({.class_name = "Orthogonal"}, {2}), std::invalid_argument, says("Orthogonal needs two axes at least, got (2)"));
  BOOST_CHECK_EXCEPTION(make({.class_name = "Identity"}, {2, 2, 2}), std::invalid_argument, says("Identity needs two axes, got (2, 2, 2)"));
}

BOOST_AUTO_TEST_SUITE_END()
