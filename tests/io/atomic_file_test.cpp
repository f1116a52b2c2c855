#include "framework/io/atomic_file.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/limits.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::Limit;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(what_is_in_the_way_is_said_and_nothing_is_left) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(AtomicFile(directory / "none/a"), std::runtime_error, says("write: the directory of ", "none/a", " must exist"));
  BOOST_CHECK_EXCEPTION(AtomicFile(directory.path()), std::runtime_error, says("write: ", " must not be a directory"));
  {
    AtomicFile file(directory / "a");
    BOOST_CHECK_EXCEPTION(file.commit(), std::runtime_error, says("write: ", " must reach the disk, got: No such file"));
    write_text(file.temporary(), "text");
    std::filesystem::create_directory(directory / "a");
    BOOST_CHECK_EXCEPTION(file.commit(), std::runtime_error, says("write: ", "a\" must be replaceable, got: Is a directory"));
  }
  std::filesystem::remove(directory / "a");
  BOOST_CHECK_EXCEPTION(read_text(directory / "a"), std::runtime_error, says("read: cannot open ", "a\": No such file"));
  BOOST_TEST(std::filesystem::is_empty(directory.path()));
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_what_was_there) {
  const TemporaryDirectory directory;
  write_text(directory / "a", "before");
  {
    const Limit full = Limit::file_size(1000);
    BOOST_CHECK_EXCEPTION(write_text(directory / "a", std::string(5000, 'x')), std::runtime_error,
                          says("write: cannot write ", "a\": File too large"));
  }
  {
    const auto write = [&] {
      const Limit full = Limit::no_more_files();
      write_text(directory / "a", "x");
    };
    BOOST_CHECK_EXCEPTION(write(), std::runtime_error, says("write: cannot create ", "Too many open files"));
  }
  BOOST_TEST(read_text(directory / "a") == "before");
  BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
