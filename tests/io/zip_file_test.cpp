#include "framework/io/zip_file.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"
#include "tests/support/zip.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(zip_file)

BOOST_AUTO_TEST_CASE(members_stored_or_compressed_are_read_and_extracted_by_name) {
  const TemporaryDirectory directory;
  const std::string text(1000, 'x');
  for (const bool compressed : {false, true}) {
    write_zip(directory / "a.zip", {{"first.txt", "one"}, {"folder/second.txt", text}, {"../outside", "never written"}}, compressed);
    const ZipFile archive(directory / "a.zip");
    const std::vector<std::string> names{"first.txt", "folder/second.txt", "../outside"};
    BOOST_TEST(archive.names() == names, boost::test_tools::per_element());
    BOOST_TEST(archive.contains("folder/second.txt"));
    BOOST_TEST(!archive.contains("second.txt"));
    BOOST_TEST(archive.read("first.txt") == "one");
    BOOST_TEST(archive.read("folder/second.txt") == text);
    archive.extract("folder/second.txt", directory / "copy");
    BOOST_TEST(read_text(directory / "copy") == text);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused_with_archive_and_member) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory / "a.zip";
  BOOST_CHECK_EXCEPTION(ZipFile archive(file), std::runtime_error, says("ZipFile: ", "a.zip: must be a zip archive, got no such file"));
  write_text(file, "no archive");
  BOOST_CHECK_EXCEPTION(ZipFile archive(file), std::runtime_error, says("a.zip: must be a zip archive: "));
  write_zip(file, {{"twice", "one"}, {"twice", "two"}, {"once", std::string(5000, 'y')}});
  const ZipFile archive(file);
  BOOST_CHECK_EXCEPTION(archive.read("none"), std::runtime_error, says("a.zip: none is missing"));
  BOOST_CHECK_EXCEPTION(archive.read("twice"), std::runtime_error, says("a.zip: twice must be there once, got it several times"));
  BOOST_CHECK_EXCEPTION(archive.read("once", 4999), std::runtime_error, says("a.zip: once must have at most 4999 bytes, got more"));
  BOOST_CHECK_EXCEPTION(archive.extract("once", directory / "no/where"), std::runtime_error, says("a.zip: cannot write once to ", "no/where"));
  std::string bytes = read_text(file);
  bytes[bytes.find("yyyy") + 1000] = 'z';
  write_text(file, bytes);
  BOOST_CHECK_EXCEPTION(ZipFile(file).read("once"), std::runtime_error, says("a.zip: once is damaged: "));
}

BOOST_AUTO_TEST_CASE(a_member_that_would_fill_the_disk_is_refused) {
  const TemporaryDirectory directory;
  write_zip(directory / "a.zip", {{"zeros", std::string(1 << 20, '\0')}}, true);
  BOOST_CHECK_EXCEPTION(ZipFile(directory / "a.zip").extract("zeros", directory / "copy"), std::runtime_error,
                        says("a.zip: zeros must have at most ", " bytes, got more"));
}

BOOST_AUTO_TEST_SUITE_END()
