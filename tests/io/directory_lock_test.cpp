#include "framework/io/directory_lock.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <optional>

#include "framework/io/atomic_file.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// True if another process, without the rights of root, is refused the directory with this text.
bool refused_elsewhere(const std::filesystem::path& directory, const std::string& text) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    try {
      const DirectoryLock lock("train", directory);
    } catch (const std::runtime_error& error) {
      const bool said = std::string(error.what()).find(text) != std::string::npos;
      if (!said) std::cerr << error.what() << '\n';
      ::_exit(said ? 3 : 4);
    }
    ::_exit(5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(directory_lock)

BOOST_AUTO_TEST_CASE(a_directory_is_made_and_held_until_the_end) {
  const TemporaryDirectory directory;
  ::chmod(directory.path().c_str(), 0777);
  const auto below = directory / "a/b";
  {
    const DirectoryLock lock("train", below);
    ::chmod(below.c_str(), 0777);
    BOOST_TEST(refused_elsewhere(below, "must be free, got another process that writes there"));
    BOOST_TEST(std::filesystem::is_empty(below));
  }
  const DirectoryLock again("train", below);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_to_is_refused_with_the_reason) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "closed");
  std::filesystem::permissions(directory / "closed", std::filesystem::perms(0555));
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  BOOST_TEST(refused_elsewhere(directory / "closed", "closed\": Permission denied"));
  BOOST_TEST(refused_elsewhere(directory / "closed", "train: cannot write to "));
  write_text(directory / "file", "");
  BOOST_CHECK_EXCEPTION(DirectoryLock("train", directory / "file"), std::runtime_error, says("train: cannot make ", "file\": Not a directory"));
}

BOOST_AUTO_TEST_SUITE_END()
