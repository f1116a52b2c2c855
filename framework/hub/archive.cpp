#include "framework/hub/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <set>

#include "framework/core/error.h"
#include "framework/hub/download.h"
#include "framework/hub/handle.h"

namespace linnet::hub {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18, kLongestName = 1000;

/// A directory that is gone at the end, with all that was written to it.
class Staging {
 public:
  explicit Staging(const std::filesystem::path& beside) : path_(beside) {
    path_ += cat(".", ::getpid(), ".incomplete");
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    make_directories(path_);
  }
  ~Staging() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What was written to the file system that `path` lies on reaches the disk: cheaper for many files than one by one.
void sync(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool ok = descriptor >= 0 && ::syncfs(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  check_file(ok, "extract: cannot write ", path.string(), ": ", std::strerror(reason));
}

/// An archive while it is read, one entry after the other.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const ArchiveLimits& limits)
      : file_(file), limits_(limits), archive_(archive_read_new(), archive_read_free) {
    check_file(archive_ != nullptr, "extract: libarchive does not start");
    for (const int result : {archive_read_support_filter_gzip(archive_.get()), archive_read_support_format_tar(archive_.get()),
                             archive_read_support_format_zip_seekable(archive_.get())})
      check_file(result == ARCHIVE_OK || result == ARCHIVE_WARN, "extract: libarchive lacks a format");
    check_file(archive_read_open_filename(archive_.get(), file.c_str(), kBlock) == ARCHIVE_OK, "extract: ", file.string(),
               " must be a tar, tar.gz or zip archive, got: ", reason());
    std::error_code error;
    const auto packed = static_cast<std::int64_t>(std::filesystem::file_size(file, error));
    most_bytes_ = std::max(limits.bytes_without_question, packed * limits.ratio);
  }

  /// Goes to the next file and gives its name; directories are passed over. Empty at the end.
  std::string next() {
    for (;;) {
      archive_entry* entry = nullptr;
      const int result = archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) return {};
      check_file(result == ARCHIVE_OK, "extract: ", file_.string(), " must not be damaged, got: ", reason());
      check_file(++entries_ <= limits_.files, "extract: ", file_.string(), " must hold at most ", limits_.files, " files, got more");
      const char* path = archive_entry_pathname(entry);
      std::string name = path ? path : "";
      const auto type = archive_entry_filetype(entry);
      const bool link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
      while (name.starts_with("./")) name.erase(0, 2);
      if (type == AE_IFDIR && !link) {
        while (name.ends_with('/')) name.pop_back();
        if (name.empty() || name == ".") continue;  // tar's own "./"
      }
      require(!link && (type == AE_IFREG || type == AE_IFDIR), name, "must be a file or a directory, no link or device");
      require(name.size() <= kLongestName && is_safe_path(name), name, "must be a relative path of letters, digits and '-_./' without '..'");
      require(archive_entry_is_encrypted(entry) == 0, name, "must not be encrypted");
      if (type == AE_IFDIR) {
        require(!files_.contains(name), name, "must not be there twice");
        continue;
      }
      require_new(name);
      if (archive_entry_size_is_set(entry) != 0) require_room(archive_entry_size(entry));
      return name;
    }
  }

  /// Writes the file that next() named.
  void write(const std::string& name, const std::filesystem::path& target) {
    make_directories(target.parent_path());
    const int descriptor = ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    check_file(descriptor >= 0, "extract: cannot write ", target.string(), ": ", std::strerror(errno));
    const std::unique_ptr<const int, void (*)(const int*)> closing(&descriptor, [](const int* open) { ::close(*open); });
    std::vector<char> block(kBlock);
    for (;;) {
      const la_ssize_t got = archive_read_data(archive_.get(), block.data(), block.size());
      check_file(got >= 0, "extract: ", file_.string(), ": ", name, " must not be damaged, got: ", reason());
      if (got == 0) break;
      require_room(got);  // a file can be larger than announced
      written_ += got;
      for (la_ssize_t done = 0; done < got;) {
        const ssize_t put = ::write(descriptor, block.data() + done, static_cast<std::size_t>(got - done));
        if (put < 0 && errno == EINTR) continue;
        check_file(put > 0, "extract: cannot write ", target.string(), ": ", std::strerror(errno));
        done += put;
      }
    }
  }

 private:
  std::string reason() const {
    const char* text = archive_error_string(archive_.get());
    return text ? text : "no reason given";
  }
  void require(bool ok, const std::string& name, std::string_view rule) const {
    check_file(ok, "extract: ", file_.string(), ": '", name, "' ", rule);
  }
  void require_room(std::int64_t more) const {
    check_file(more <= most_bytes_ - written_, "extract: ", file_.string(), " must unpack to at most ", most_bytes_,
               " bytes, got more (is it a bomb?)");
  }
  /// Neither a file nor above one that was there before.
  void require_new(const std::string& name) {
    bool fresh = files_.insert(name).second && !directories_.contains(name);
    for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      directories_.insert(name.substr(0, slash));
      fresh = fresh && !files_.contains(name.substr(0, slash));
    }
    require(fresh, name, "must not be there twice");
  }

  std::filesystem::path file_;
  ArchiveLimits limits_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::int64_t entries_ = 0, written_ = 0, most_bytes_ = 0;
  std::set<std::string> files_, directories_;
};

}  // namespace

std::vector<std::string> extract_archive(const std::filesystem::path& archive, const std::filesystem::path& directory, const ArchiveLimits& limits) {
  const Staging staging(directory);
  std::vector<std::string> names;
  {
    Reader reader(archive, limits);
    for (std::string name = reader.next(); !name.empty(); name = reader.next()) {
      reader.write(name, staging.path() / name);
      names.push_back(name);
    }
  }
  check_file(!names.empty(), "extract: ", archive.string(), " must hold files, got none");
  sync(staging.path());
  for (const std::string& name : names) {
    make_directories((directory / name).parent_path());
    std::error_code error;
    std::filesystem::rename(staging.path() / name, directory / name, error);
    check_file(!error, "extract: cannot write ", (directory / name).string(), ": ", error.message());
  }
  sync(directory);
  std::ranges::sort(names);
  return names;
}

void extract_one(const std::filesystem::path& archive, const std::string& name, const std::filesystem::path& target, const ArchiveLimits& limits) {
  std::error_code error;
  std::filesystem::remove(target, error);
  try {
    Reader reader(archive, limits);
    const std::string found = reader.next();
    check_file(found == name, "extract: ", archive.string(), " must hold ", name, " alone, got '", found, "'");
    reader.write(name, target);
    sync(target);
    const std::string more = reader.next();
    check_file(more.empty(), "extract: ", archive.string(), " must hold ", name, " alone, got '", more, "' too");
  } catch (...) {
    std::filesystem::remove(target, error);
    throw;
  }
}

}  // namespace linnet::hub
