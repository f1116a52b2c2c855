#include "framework/data/text_lines.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/limits.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(text_lines)

BOOST_AUTO_TEST_CASE(each_line_with_text_is_an_example) {
  const TemporaryDirectory directory;
  write_text(directory / "a.txt", "\xEF\xBB\xBFone line\r\n\n  \t\ntwo\tcells \nlast");
  const TextDataset data = read_text_lines(directory / "a.txt");
  BOOST_REQUIRE(data.size() == 3);
  BOOST_TEST(data.at(0).text == "one line");
  BOOST_TEST(data.at(1).text == "two\tcells");
  BOOST_TEST(data.at(1).text_pair == "");
  BOOST_TEST(data.at(2).text == "last");
  BOOST_TEST(!data.labelled());
}

BOOST_AUTO_TEST_CASE(what_is_no_text_is_refused_with_file_and_line) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(read_text_lines(directory / "none.txt"), std::runtime_error, says("none.txt: must be a file of text, got no such file"));
  BOOST_CHECK_EXCEPTION(read_text_lines(directory.path()), std::runtime_error, says(": must be a file of text, got something else"));
  write_text(directory / "a.txt", "one\n\xff\n");
  BOOST_CHECK_EXCEPTION(read_text_lines(directory / "a.txt"), std::runtime_error, says("a.txt:2: text must be UTF-8, got other bytes"));
  write_text(directory / "a.txt", "\n \n");
  BOOST_CHECK_EXCEPTION(read_text_lines(directory / "a.txt"), std::runtime_error, says("a.txt: must have at least one line of text, got none"));
  const auto read = [&] {
    const Limit full = Limit::no_more_files();
    read_text_lines(directory / "a.txt");
  };
  BOOST_CHECK_EXCEPTION(read(), std::runtime_error, says("a.txt: must be readable, got a file that cannot be opened"));
}

BOOST_AUTO_TEST_SUITE_END()
