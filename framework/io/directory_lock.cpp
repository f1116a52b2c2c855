#include "framework/io/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "framework/core/error.h"
#include "framework/io/unbroken.h"

namespace linnet {

DirectoryLock::DirectoryLock(std::string_view what, const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  check_file(std::filesystem::is_directory(directory), what, ": cannot make ", directory, ": ", error.message());
  const bool writable = ::access(directory.c_str(), W_OK | X_OK) == 0;  // before the message reads errno
  check_file(writable, what, ": cannot write to ", directory, ": ", std::strerror(errno));
  descriptor_ = unbroken([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  check_file(descriptor_ >= 0, what, ": cannot open ", directory, ": ", std::strerror(errno));
  if (unbroken([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); }) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  throw std::runtime_error(cat(what, ": ", directory, " must be free, got another process that writes there"));
}

DirectoryLock::~DirectoryLock() { ::close(descriptor_); }

}  // namespace linnet
