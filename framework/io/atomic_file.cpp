#include "framework/io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <regex>
#include <utility>

#include "framework/core/error.h"
#include "framework/io/directory.h"
#include "framework/io/output_file.h"
#include "framework/io/unbroken.h"

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

 private:
  int number_;
};

std::string reason() { return std::strerror(errno); }

int open_file(const std::filesystem::path& file, int flags) {
  return unbroken([&] { return ::open(file.c_str(), flags | O_CLOEXEC, 0666); });
}

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor descriptor(open_file(path, flags));
  const bool synced = descriptor.number() >= 0 && unbroken([&] { return ::fsync(descriptor.number()); }) == 0;
  check_file(synced, "write: ", path, " must reach the disk, got: ", reason());
}

constexpr std::string_view kPartial = ".partial";

/// "model.weights.h5.1234.0.partial"
bool is_partial(const std::string& name) {
  static const std::regex pattern(".+\\.[0-9]+\\.[0-9]+\\.partial");
  return name.ends_with(kPartial) && std::regex_match(name, pattern);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  static std::atomic<std::uint64_t> count = 0;
  check_file(std::filesystem::is_directory(directory()), "write: the directory of ", target_, " must exist");
  check_file(!std::filesystem::is_directory(target_), "write: ", target_, " must not be a directory");
  temporary_ = target_;
  temporary_ += cat(".", ::getpid(), ".", count.fetch_add(1), kPartial);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

std::filesystem::path AtomicFile::directory() const {
  const std::filesystem::path parent = target_.parent_path();
  return parent.empty() ? "." : parent;
}

void AtomicFile::write(std::string_view text) {
  OutputFile bytes(temporary_);
  bytes.append(text.data(), static_cast<std::int64_t>(text.size()));
  bytes.close(cat("write: cannot write ", target_, ": "));
}

void AtomicFile::commit() {
  sync(temporary_, O_RDONLY);
  committed_ = unbroken([&] { return ::rename(temporary_.c_str(), target_.c_str()); }) == 0;
  check_file(committed_, "write: ", target_, " must be replaceable, got: ", reason());
  sync(directory(), O_RDONLY | O_DIRECTORY);
}

void remove_partial_files(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const std::string& name : names_in(directory))
    if (is_partial(name)) std::filesystem::remove(directory / name, ignored);
}

std::string read_text(const std::filesystem::path& file, std::int64_t limit) {
  const Descriptor descriptor(open_file(file, O_RDONLY | O_NONBLOCK));
  check_file(descriptor.number() >= 0, "read: cannot open ", file, ": ", reason());
  struct stat status = {};
  check_file(::fstat(descriptor.number(), &status) == 0 && S_ISREG(status.st_mode), "read: ", file, " must be a regular file");
  check_file(status.st_size <= limit, "read: ", file, " must have at most ", limit, " bytes, got ", status.st_size);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = unbroken([&] { return ::read(descriptor.number(), text.data() + done, text.size() - done); });
    check_file(got > 0, "read: ", file, " must give ", text.size(), " bytes, got ", done, got < 0 ? ": " + reason() : std::string());
    done += static_cast<std::size_t>(got);
  }
  return text;
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  AtomicFile output(file);
  output.write(text);
  output.commit();
}

}  // namespace linnet
