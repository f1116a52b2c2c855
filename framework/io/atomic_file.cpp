#include "framework/io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "framework/core/error.h"

namespace linnet {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  /// Closing can report a failed write, so it is not left to the destructor.
  int close() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

std::string reason() { return std::strerror(errno); }

std::filesystem::path directory_of(const std::filesystem::path& file) {
  const std::filesystem::path parent = file.parent_path();
  return parent.empty() ? "." : parent;
}

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC));
  const bool synced = descriptor.number() >= 0 && ::fsync(descriptor.number()) == 0;
  check_file(synced, "write: ", path, " must reach the disk, got: ", reason());
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  static std::atomic<std::uint64_t> count = 0;
  check_file(std::filesystem::is_directory(directory_of(target_)), "write: the directory of ", target_, " must exist");
  check_file(!std::filesystem::is_directory(target_), "write: ", target_, " must not be a directory");
  temporary_ = target_;
  temporary_ += cat(".", ::getpid(), ".", count.fetch_add(1), ".partial");
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  sync(temporary_, O_RDONLY);
  const bool renamed = ::rename(temporary_.c_str(), target_.c_str()) == 0;  // before the reason is asked for
  check_file(renamed, "write: ", target_, " must be replaceable, got: ", reason());
  committed_ = true;
  sync(directory_of(target_), O_RDONLY | O_DIRECTORY);
}

std::string read_text(const std::filesystem::path& file, std::int64_t limit) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  check_file(descriptor.number() >= 0, "read: cannot open ", file, ": ", reason());
  struct stat status = {};
  check_file(::fstat(descriptor.number(), &status) == 0 && S_ISREG(status.st_mode), "read: ", file, " must be a regular file");
  check_file(status.st_size <= limit, "read: ", file, " must have at most ", limit, " bytes, got ", status.st_size);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::read(descriptor.number(), text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    check_file(got > 0, "read: ", file, " must give ", text.size(), " bytes, got ", done, got < 0 ? ": " + reason() : std::string());
    done += static_cast<std::size_t>(got);
  }
  return text;
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  AtomicFile output(file);
  Descriptor descriptor(::open(output.temporary().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  check_file(descriptor.number() >= 0, "write: cannot create ", output.temporary(), ": ", reason());
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor.number(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    check_file(put > 0, "write: cannot write ", file, ": ", reason());
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  const bool closed = descriptor.close() == 0;
  check_file(closed, "write: cannot write ", file, ": ", reason());
  output.commit();
}

}  // namespace linnet
