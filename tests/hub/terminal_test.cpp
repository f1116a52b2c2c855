#include "framework/hub/terminal.h"

#include <boost/test/unit_test.hpp>

using namespace linnet::hub;

BOOST_AUTO_TEST_SUITE(terminal)

BOOST_AUTO_TEST_CASE(the_line_says_how_far_how_fast_and_how_long) {
  BOOST_TEST(progress_line({"model.weights.h5", 8'800'000, 17'600'000}, 0, 2) ==
             "model.weights.h5 [############............] 8.8/17.6 MB  4.4 MB/s  2s left");
  BOOST_TEST(progress_line({"a", 1'000'000, 1'000'000}, 500'000, 1) == "a [########################] 1.0/1.0 MB  0.5 MB/s");
  BOOST_TEST(progress_line({"a", 1'000'000, 0}, 0, 1) == "a 1.0 MB  1.0 MB/s");
  BOOST_TEST(progress_line({"a", 0, 10}, 0, 0) == "a [........................] 0.0/0.0 MB");
}

BOOST_AUTO_TEST_CASE(nothing_is_drawn_where_there_is_no_terminal) { BOOST_TEST(!progress_on_terminal()); }

BOOST_AUTO_TEST_SUITE_END()
