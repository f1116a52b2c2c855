#include "framework/hub/digest.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet::hub;
using linnet::testing::says;

BOOST_AUTO_TEST_SUITE(digest)

BOOST_AUTO_TEST_CASE(files_have_the_digests_that_sha256sum_md5sum_and_git_print) {
  const linnet::testing::TemporaryDirectory directory;
  const auto file = directory / "a";
  linnet::write_text(file, "what is up, doc?");  // https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
  BOOST_TEST(linnet::hub::digest(file, DigestKind::git_blob) == "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
  linnet::write_text(file, "abc");  // FIPS 180-4 and RFC 1321
  BOOST_TEST(linnet::hub::digest(file, DigestKind::sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(linnet::hub::digest(file, DigestKind::sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  BOOST_TEST(linnet::hub::digest(file, DigestKind::md5) == "900150983cd24fb0d6963f7d28e17f72");
  linnet::write_text(file, std::string(1'000'000, 'a'));
  BOOST_TEST(linnet::hub::digest(file, DigestKind::sha256) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  BOOST_CHECK_EXCEPTION(linnet::hub::digest(directory / "none", DigestKind::md5), std::runtime_error, says("digest: cannot open", "none"));
}

BOOST_AUTO_TEST_CASE(base64_becomes_hexadecimal) {
  BOOST_TEST(base64_to_hex("kAFQmDzST7DWlj99KOF/cg==") == "900150983cd24fb0d6963f7d28e17f72");
  BOOST_TEST(base64_to_hex("YWJj") == "616263");
  for (const char* wrong : {"", "YWJ", "Y!Jj"}) BOOST_TEST(base64_to_hex(wrong).empty());
  BOOST_TEST(is_hex("0af9", 4));
  BOOST_TEST(!is_hex("0AF9", 4));
  BOOST_TEST(!is_hex("0af", 4));
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
  const linnet::testing::TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(linnet::hub::digest(directory.path(), DigestKind::sha256), std::runtime_error, says("digest: cannot read "));
}

BOOST_AUTO_TEST_SUITE_END()
