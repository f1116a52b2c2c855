#include "framework/hub/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "framework/hub/download.h"
#include "framework/hub/file_lock.h"
#include "framework/hub/hugging_face.h"
#include "framework/io/atomic_file.h"
#include "tests/support/measured.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"
#include "tests/support/zip.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

struct Member {
  std::string name, content = "x", link = {};
  unsigned type = AE_IFREG;
};

/// A gzipped tar archive in the form that can name anything.
void write_tar(const std::filesystem::path& file, const std::vector<Member>& members) {
  const std::unique_ptr<archive, int (*)(archive*)> out(archive_write_new(), archive_write_free);
  archive_write_set_format_pax(out.get());
  archive_write_add_filter_gzip(out.get());
  BOOST_REQUIRE(archive_write_open_filename(out.get(), file.c_str()) == ARCHIVE_OK);
  for (const Member& member : members) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), member.name.c_str());
    archive_entry_set_filetype(entry.get(), member.type);
    archive_entry_set_perm(entry.get(), 06777);
    if (member.type == AE_IFLNK) archive_entry_set_symlink(entry.get(), member.link.c_str());
    else if (!member.link.empty()) archive_entry_set_hardlink(entry.get(), member.link.c_str());
    else archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
    BOOST_REQUIRE(archive_write_header(out.get(), entry.get()) == ARCHIVE_OK);
    if (member.type == AE_IFREG && member.link.empty()) archive_write_data(out.get(), member.content.data(), member.content.size());
  }
  BOOST_REQUIRE(archive_write_close(out.get()) == ARCHIVE_OK);
}

/// Everything below a directory.
std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    names.push_back(entry.path().lexically_relative(directory).string());
  std::ranges::sort(names);
  return names;
}

/// Refused with that text, quickly, with nothing written anywhere in the directory that holds all.
void refuses(const std::vector<Member>& members, const std::string& text) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "outside");
  write_tar(directory / "a.tar.gz", members);
  const std::vector<std::string> before = names_in(directory.path());
  const testing::Measured cost = testing::measured([&] {
    BOOST_CHECK_EXCEPTION(hub::extract_archive(directory / "a.tar.gz", directory / "model"), std::runtime_error, says("extract: ", "a.tar.gz", text));
  });
  BOOST_TEST(names_in(directory.path()) == before, boost::test_tools::per_element());
  if (!testing::is_memory_measurable()) return;
  BOOST_TEST(cost.seconds < 1);
  BOOST_TEST(cost.peak_bytes < std::int64_t{64} << 20);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(archive_files)

BOOST_AUTO_TEST_CASE(tricks_with_links_write_nothing_outside) {
  const std::string rule = "' must be a file or a directory, no link or device";
  // A link, then a file through it: the trick of CVE-2025-12638; and links of links, which resolve to another place than they seem.
  refuses({{"dir", "", "../outside", AE_IFLNK}, {"dir/x"}}, "'dir" + rule);
  refuses({{"ok"}, {"a", "", "b", AE_IFLNK}, {"b", "", "../outside", AE_IFLNK}, {"a/x"}}, "'a" + rule);
  refuses({{"x", "", "x", AE_IFLNK}}, "'x" + rule);
  refuses({{"x", "", "/etc/passwd"}}, "'x" + rule);
  refuses({{"fifo", "", "", AE_IFIFO}}, "'fifo" + rule);
  refuses({{"null", "", "", AE_IFCHR}}, "'null" + rule);
  // Links at whose end the path is longer than the system takes: what made Python's check give up (CVE-2025-4517).
  std::vector<Member> chain;
  std::string path;
  for (char c = 'a'; c < 'q'; ++c) {
    path += std::string(190, 'd') + "/";
    chain.push_back({path, "", "", AE_IFDIR});
    chain.push_back({std::string(path).replace(path.size() - 191, 191, std::string(1, c)), "", std::string(190, 'd'), AE_IFLNK});
  }
  refuses(chain, rule);
}

BOOST_AUTO_TEST_CASE(names_must_stay_below_the_directory) {
  const std::string rule = "' must be a relative path of letters, digits and '-_./' without '..'";
  const std::string long_name(4096, 'n');
  for (const std::string name : {"../outside/x", "/outside", "a/../../outside/x", "..", "a//b", "a\\..\\b", "C:x", "a\nb", long_name.c_str()})
    refuses({{"ok"}, {name}}, rule);
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "d/";
  refuses({{deep + "x"}}, rule);
  refuses({{"a"}, {"a"}}, "'a' must not be there twice");
}

BOOST_AUTO_TEST_CASE(four_gibibytes_of_zeros_are_not_written) {
  const TemporaryDirectory directory;
  const std::unique_ptr<archive, int (*)(archive*)> out(archive_write_new(), archive_write_free);
  archive_write_set_format_pax(out.get());
  archive_write_add_filter_gzip(out.get());
  archive_write_set_options(out.get(), "compression-level=1");
  BOOST_REQUIRE(archive_write_open_filename(out.get(), (directory / "bomb.tar.gz").c_str()) == ARCHIVE_OK);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), "model.weights.h5");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_size(entry.get(), la_int64_t{4} << 30);
  BOOST_REQUIRE(archive_write_header(out.get(), entry.get()) == ARCHIVE_OK);
  const std::vector<char> zeros(1 << 20);  // cut off: what it announces is refused before a byte of it is read
  for (int i = 0; i < 8; ++i) archive_write_data(out.get(), zeros.data(), zeros.size());
  archive_write_fail(out.get());
  archive_write_close(out.get());
  BOOST_CHECK_EXCEPTION(hub::extract_archive(directory / "bomb.tar.gz", directory / "model"), std::runtime_error,
                        says(" must unpack to at most 268435456 bytes, got more (is it a bomb?)"));
  BOOST_TEST(!std::filesystem::exists(directory / "model"));
}

BOOST_AUTO_TEST_CASE(modes_are_ignored_and_what_is_in_the_way_is_said) {
  const TemporaryDirectory directory;
  write_tar(directory / "a.tar.gz", {{"./", "", "", AE_IFDIR}, {"./sub/tool"}});
  BOOST_TEST(hub::extract_archive(directory / "a.tar.gz", directory / "model") == std::vector<std::string>{"sub/tool"},
             boost::test_tools::per_element());
  using std::filesystem::perms;
  BOOST_TEST(
      ((std::filesystem::status(directory / "model/sub/tool").permissions() & (perms::set_uid | perms::set_gid | perms::owner_exec)) == perms::none));
  std::filesystem::create_directories(directory / "other/sub/tool/full");
  BOOST_CHECK_EXCEPTION(hub::extract_archive(directory / "a.tar.gz", directory / "other"), std::runtime_error,
                        says("extract: cannot write ", "other/sub/tool: "));
  BOOST_CHECK_EXCEPTION(hub::extract_archive(directory / "none.tar.gz", directory / "model"), std::runtime_error,
                        says("none.tar.gz must be a tar, tar.gz or zip archive, got: "));
  BOOST_CHECK_EXCEPTION(hub::extract_one(directory / "a.tar.gz", "tool", directory / "one"), std::runtime_error,
                        says("must hold tool alone, got 'sub/tool'"));
  BOOST_TEST(!std::filesystem::exists(directory / "one"));
}

BOOST_AUTO_TEST_CASE(what_is_in_the_way_of_a_cache_is_said) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(hub::commit(directory / "none", directory / "target"), std::runtime_error,
                        says("fetch: cannot rename ", "none to ", "target: "));
  BOOST_CHECK_EXCEPTION(hub::FileLock{directory.path()}, std::runtime_error, says("fetch: cannot make the lock "));
  hub::Settings settings;
  settings.hugging_face_cache = directory.path();
  settings.offline = "LINNET_OFFLINE";
  const auto repository = hub::open_hugging_face({.repository = "org/repo", .revision = std::string(40, 'a')}, settings);
  BOOST_CHECK_EXCEPTION(repository->fetch("../x"), std::invalid_argument,
                        says("fetch: a file's name must be a relative path of letters, digits and '-_./', got '../x'"));
  BOOST_CHECK_EXCEPTION(repository->fetch("config.json"), std::runtime_error,
                        says("fetch: hf://org/repo@", "must be in ", "while LINNET_OFFLINE is set (unset it, or fetch once with network)"));
}

BOOST_AUTO_TEST_SUITE_END()
