#include "tests/support/golden.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

using linnet::testing::golden_error;

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(the_error_is_the_largest_difference) {
  const std::vector<double> expected{1, 2, 3}, actual{1, 2.5, 2.75};
  const auto error = golden_error(expected, actual, {.absolute = 0.3, .relative = 0});
  BOOST_TEST(error.largest == 0.5);
  BOOST_TEST(error.mean == 0.25);
  BOOST_TEST(error.worst == 1);
  BOOST_TEST(error.outside == 1);
}

BOOST_AUTO_TEST_CASE(a_relative_tolerance_scales_with_the_expected_value) {
  const std::vector<double> expected{1000, 1}, actual{1001, 1.5};
  const auto error = golden_error(expected, actual, {.absolute = 0, .relative = 0.01});
  BOOST_TEST(error.outside == 1);
  BOOST_TEST(error.worst == 1);
}

BOOST_AUTO_TEST_CASE(a_nan_that_was_not_expected_is_outside_of_any_tolerance) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const std::vector<double> expected{1, nan, inf}, actual{nan, nan, inf};
  const auto error = golden_error(expected, actual, {.absolute = 1e300, .relative = 0});
  BOOST_TEST(error.outside == 1);
  BOOST_TEST(error.worst == 0);
  BOOST_TEST(error.largest == inf);
}

BOOST_AUTO_TEST_CASE(different_sizes_throw) {
  const std::vector<double> expected{1}, actual{1, 2};
  BOOST_CHECK_EXCEPTION(golden_error(expected, actual), std::invalid_argument, [](const std::exception& error) {
    return std::string(error.what()) == "golden_error: sizes must be equal, got 1 expected and 2 actual values";
  });
}

BOOST_AUTO_TEST_SUITE_END()
