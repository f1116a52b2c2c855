#include "framework/io/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "framework/core/error.h"
#include "framework/io/unbroken.h"

namespace linnet {

OutputFile::OutputFile(const std::filesystem::path& file)
    : descriptor_(unbroken([&] { return ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666); })) {
  check_file(descriptor_ >= 0, "write: cannot create ", file, ": ", std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::note(bool ok) {
  if (!ok && error_ == 0) error_ = errno;
}

void OutputFile::write(std::int64_t offset, const void* data, std::int64_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0 && error_ == 0) {
    const ssize_t put = unbroken([&] { return ::pwrite(descriptor_, from, static_cast<std::size_t>(bytes), offset); });
    if (put == 0) errno = EIO;
    note(put > 0);
    from += std::max<ssize_t>(put, 0);
    offset += put;
    bytes -= put;
  }
}

void OutputFile::append(const void* data, std::int64_t bytes) {
  write(end_, data, bytes);
  end_ += bytes;
}

void OutputFile::read(std::int64_t offset, void* data, std::int64_t bytes) {
  std::memset(data, 0, static_cast<std::size_t>(bytes));
  char* to = static_cast<char*>(data);
  while (bytes > 0 && error_ == 0) {
    const ssize_t got = unbroken([&] { return ::pread(descriptor_, to, static_cast<std::size_t>(bytes), offset); });
    note(got >= 0);
    if (got <= 0) return;
    to += got;
    offset += got;
    bytes -= got;
  }
}

void OutputFile::resize(std::int64_t bytes) {
  if (error_ == 0) note(unbroken([&] { return ::ftruncate(descriptor_, bytes); }) == 0);
}

void OutputFile::close(const std::string& what) {
  const int closed = ::close(std::exchange(descriptor_, -1));
  note(closed == 0 || errno == EINTR);  // Linux closes it all the same
  check_file(error_ == 0, what, std::strerror(error_));
}

}  // namespace linnet
