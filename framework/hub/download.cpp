#include "framework/hub/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include "framework/core/error.h"

namespace linnet::hub {
namespace {

constexpr std::int64_t kLargestFile = std::int64_t{1} << 40;

std::int64_t integer(std::string_view text) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

/// The partial file, open for appending.
class Output {
 public:
  explicit Output(const std::filesystem::path& file) : file_(file) {
    descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    require(descriptor_ >= 0);
    struct stat status = {};
    require(::fstat(descriptor_, &status) == 0);
    check_file(S_ISREG(status.st_mode), "fetch: ", file.string(), " must be a regular file");
    size_ = status.st_size;
    require(::lseek(descriptor_, 0, SEEK_END) >= 0);
  }
  ~Output() { ::close(descriptor_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::int64_t size() const { return size_; }
  void clear() {
    require(::ftruncate(descriptor_, 0) == 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0);
    size_ = 0;
  }
  void append(std::string_view part) {
    while (!part.empty()) {
      const ssize_t put = ::write(descriptor_, part.data(), part.size());
      if (put < 0 && errno == EINTR) continue;
      require(put > 0);
      size_ += put;
      part.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  void sync() { require(::fsync(descriptor_) == 0); }
  void require_space(std::int64_t more) const {
    std::error_code error;
    const auto space = std::filesystem::space(file_.parent_path(), error);
    if (!error && more > 0)
      check_file(static_cast<std::uintmax_t>(more) <= space.available, "fetch: the disk of ", file_.string(), " must have ", more,
                 " bytes free, got ", space.available);
  }

 private:
  void require(bool ok) const { check_file(ok, "fetch: cannot write ", file_.string(), ": ", std::strerror(errno)); }

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// The digest that proves the bytes: the expected one, or the response's.
Expected proof(const Expected& expected, const HttpResponse& response) {
  if (expected.kind) return expected;
  // "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==": https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash
  const std::string hash = response.header("x-goog-hash");
  const std::size_t begin = hash.find("md5=");
  if (begin == std::string::npos) return expected;
  const std::string text = hash.substr(begin + 4, hash.find(',', begin) == std::string::npos ? hash.npos : hash.find(',', begin) - begin - 4);
  Expected found = expected;
  found.kind = DigestKind::md5;
  found.digest = base64_to_hex(std::string_view(text).substr(0, text.find(' ')));
  check_file(is_hex(found.digest, 32), "fetch: X-Goog-Hash of ", response.url, " must hold an MD5 in base64, got '", hash, "'");
  return found;
}

/// Where the response's body begins: behind "bytes " in Content-Range; 0 for the whole.
std::int64_t begin_of(const HttpResponse& response) {
  if (response.status != 206) return 0;
  const std::string range = response.header("content-range");
  return range.starts_with("bytes ") ? integer(std::string_view(range).substr(6, range.find('-') - 6)) : -1;
}

/// Whether the body was packed for the way.
bool is_encoded(const HttpResponse& response) {
  const std::string encoding = response.header("content-encoding");
  return !encoding.empty() && encoding != "identity";
}

/// The size of the whole file by the response; negative if it does not say.
std::int64_t size_by(const HttpResponse& response) {
  if (is_encoded(response)) return -1;
  if (response.status != 206) return integer(response.header("content-length"));
  const std::string range = response.header("content-range");
  return integer(std::string_view(range).substr(range.rfind('/') + 1));
}

/// Thrown to give up a transfer whose start must be thrown away.
struct BeginAnew {};

struct Download {
  Http& http;
  HttpRequest request;
  const Expected& expected;
  const std::filesystem::path& partial;
  const std::string& name;
  const Settings& settings;
  Output output;
  bool seen = false;      // the body of this attempt has begun
  bool encoded = false;   // it is packed for the way: no range of it is a range of the file
  std::int64_t best = 0;  // most bytes that were there
  std::int64_t total = -1;
  std::chrono::steady_clock::time_point reported = {};

  void report(bool last) {
    const auto now = std::chrono::steady_clock::now();
    if (!settings.progress || (!last && now - reported < std::chrono::milliseconds(100))) return;
    reported = now;
    settings.progress({name, output.size(), last ? output.size() : std::max<std::int64_t>(total, 0)});
  }

  void take(const HttpResponse& response, std::string_view part) {
    if (!seen) {
      seen = true;
      if (response.status != 206 && output.size() > 0) output.clear();
      encoded = is_encoded(response);
      if (response.status == 206) {
        const bool fits = begin_of(response) == output.size() && !encoded;
        check_file(fits || output.size() > 0, "fetch: ", response.url, " must give the whole of ", name, ", got a part");
        if (!fits || (output.size() > 0 && !proof(expected, response).kind)) throw BeginAnew{};
      }
      total = expected.size >= 0 ? expected.size : size_by(response);
      output.require_space(total - output.size());
    }
    output.append(part);
    check_file(expected.size < 0 || output.size() <= expected.size, "fetch: ", name, " must have ", expected.size, " bytes, got more from ",
               response.url);
    report(false);
  }

  HttpResponse attempt() {
    seen = encoded = false;
    request.offset = output.size();
    HttpResponse response = http.send(request, [this](const HttpResponse& head, std::string_view part) { take(head, part); });
    if (response.status / 100 == 2 && !seen) output.clear();  // an empty file
    return response;
  }

  /// What is wrong with the whole file; empty if nothing is.
  std::string wrong(const HttpResponse& response) const {
    const std::int64_t size = expected.size >= 0 ? expected.size : size_by(response);
    if (size >= 0 && output.size() != size) return cat("must have ", size, " bytes, got ", output.size());
    const Expected known = proof(expected, response);
    if (!known.kind) return {};
    const std::string found = digest(partial, *known.kind);
    // Mirrors name a file by its plain SHA-1 where Hugging Face has git's.
    if (known.kind == DigestKind::git_blob && found != known.digest && digest(partial, DigestKind::sha1) == known.digest) return {};
    return found == known.digest ? "" : cat("must have the checksum ", known.digest, ", got ", found);
  }

  HttpResponse run() {
    bool failed_before = false;
    for (int attempt_number = 1;; ++attempt_number) {
      const std::int64_t before = output.size();
      double pause = 0;
      try {
        HttpResponse response = attempt();
        if (response.status == 416) {  // what is there does not belong to this file
          check_file(before > 0, "fetch: ", response.url, " must give ", name, ", got status 416");
          output.clear();
          continue;
        }
        if (response.status / 100 == 2) {
          const std::string text = wrong(response);
          if (text.empty()) {
            output.sync();
            report(true);
            return response;
          }
          output.clear();
          if (failed_before) {
            std::error_code ignored;
            std::filesystem::remove(partial, ignored);
            throw std::runtime_error(cat("fetch: ", name, " from ", response.url, " ", text, " (twice)"));
          }
          failed_before = true;
          continue;
        }
        if (!is_passing(response.status) || attempt_number >= settings.attempts) return response;
        pause = pause_before(attempt_number, settings, &response);
      } catch (const BeginAnew&) {
        output.clear();
        continue;
      } catch (const HttpFailure& failure) {
        if (output.size() > best) attempt_number = 0;  // it goes on: patience begins anew
        best = std::max(best, output.size());
        if (encoded) output.clear();
        if (attempt_number >= (failure.connected ? settings.attempts : std::min(settings.attempts, 3))) throw;
        pause = pause_before(std::max(attempt_number, 1), settings, nullptr);
      }
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
    }
  }
};

}  // namespace

HttpResponse download(Http& http, const HttpRequest& request, const Expected& expected, const std::filesystem::path& partial, const std::string& name,
                      const Settings& settings) {
  Download job{http, request, expected, partial, name, settings, Output(partial)};
  job.request.limit = kLargestFile;
  // Another run may have been ended between the last byte and the renaming.
  if (expected.kind && job.output.size() > 0 && job.output.size() == expected.size) {
    if (digest(partial, *expected.kind) == expected.digest) return {.status = 200, .url = request.url};
    job.output.clear();
  }
  if (expected.size >= 0 && job.output.size() >= expected.size) job.output.clear();
  return job.run();
}

void commit(const std::filesystem::path& partial, const std::filesystem::path& target) {
  std::error_code error;
  std::filesystem::rename(partial, target, error);
  check_file(!error, "fetch: cannot rename ", partial.string(), " to ", target.string(), ": ", error.message());
  const int directory = ::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check_file(directory >= 0, "fetch: cannot open ", target.parent_path().string(), ": ", std::strerror(errno));
  ::fsync(directory);
  ::close(directory);
}

void make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  check_file(std::filesystem::is_directory(directory), "fetch: cannot make the directory ", directory.string(), ": ", error.message());
}

}  // namespace linnet::hub
