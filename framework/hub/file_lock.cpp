#include "framework/hub/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "framework/core/error.h"

namespace linnet::hub {

FileLock::FileLock(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  check_file(descriptor_ >= 0, "fetch: cannot make the lock ", file.string(), ": ", std::strerror(errno));
  int result = 0;
  do result = ::flock(descriptor_, LOCK_EX);
  while (result != 0 && errno == EINTR);
  // A file system without locks: the checksum still guards what is written.
  if (result == 0 || errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS) return;
  const int reason = errno;
  ::close(descriptor_);
  throw std::runtime_error(cat("fetch: cannot lock ", file.string(), ": ", std::strerror(reason)));
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace linnet::hub
