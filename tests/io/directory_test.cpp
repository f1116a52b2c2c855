#include "framework/io/directory.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

BOOST_AUTO_TEST_SUITE(directory)

BOOST_AUTO_TEST_CASE(names_are_sorted_and_a_directory_that_is_not_there_has_none) {
  const TemporaryDirectory directory;
  BOOST_TEST(names_in(directory.path()).empty());
  BOOST_TEST(names_in(directory / "none").empty());
  for (const char* name : {"b", "a", ".hidden"}) write_text(directory / name, "text");
  std::filesystem::create_directory(directory / "c");
  const std::vector<std::string> names = names_in(directory.path()), expected{".hidden", "a", "b", "c"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_in_names_sort) {
  BOOST_TEST(zero_filled(7, 5) == "00007");
  BOOST_TEST(zero_filled(12345, 5) == "12345");
  BOOST_TEST(zero_filled(123456, 5) == "123456");
}

BOOST_AUTO_TEST_CASE(what_is_no_directory_is_an_error) {
  const TemporaryDirectory directory;
  write_text(directory / "file", "text");
  BOOST_CHECK_EXCEPTION(names_in(directory / "file"), std::runtime_error,
                        says("list: the directory ", "file\" must be readable, got: Not a directory"));
}

BOOST_AUTO_TEST_SUITE_END()
