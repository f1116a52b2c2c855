#include "framework/core/warning.h"

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <sstream>
#include <vector>

using namespace linnet;

BOOST_AUTO_TEST_SUITE(warning)

BOOST_AUTO_TEST_CASE(a_warning_goes_to_the_handler_and_without_one_to_standard_error) {
  std::vector<std::string> heard;
  BOOST_TEST(!set_warning_handler([&](const std::string& message) { heard.push_back(message); }));
  warn("one");
  BOOST_TEST(static_cast<bool>(set_warning_handler({})));
  std::ostringstream captured;
  std::streambuf* const before = std::cerr.rdbuf(captured.rdbuf());
  warn("two");
  std::cerr.rdbuf(before);
  const std::vector<std::string> expected{"one"};
  BOOST_TEST(heard == expected, boost::test_tools::per_element());
  BOOST_TEST(captured.str() == "linnet: warning: two\n");
}

BOOST_AUTO_TEST_SUITE_END()
