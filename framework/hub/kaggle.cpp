#include "framework/hub/kaggle.h"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "framework/config/json_value.h"
#include "framework/core/error.h"
#include "framework/hub/archive.h"
#include "framework/hub/download.h"
#include "framework/hub/file_lock.h"
#include "framework/io/atomic_file.h"
#include "framework/io/directory.h"

namespace linnet::hub {
namespace {

std::string base64(const std::string& text) {
  std::vector<unsigned char> result(text.size() / 3 * 4 + 5);
  const int size = EVP_EncodeBlock(result.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  return {result.begin(), result.begin() + size};
}

std::string authorization(const Settings& settings) {
  if (!settings.kaggle_token.empty()) return "Bearer " + settings.kaggle_token;
  if (settings.kaggle_username.empty() || settings.kaggle_key.empty()) return {};
  return "Basic " + base64(settings.kaggle_username + ":" + settings.kaggle_key);
}

/// Says what a status of 4xx or 5xx means for whoever asked.
void refuse(const HttpResponse& response, const std::string& what, const Settings& settings) {
  std::string help = "try again later";
  if (response.status == 401) {
    const bool known = !authorization(settings).empty();
    help = known ? "check KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY" : "set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY";
  } else if (response.status == 403) {
    help = "accept the model's terms on its page, and set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY";
  } else if (response.status == 404) {
    help = "check owner, model, variation and version";
  } else if (response.status < 500 && response.status != 429) {
    help = response.body;
  }
  throw std::runtime_error(cat("fetch: ", what, " must be readable, got status ", response.status, " from ", response.url, " (", help, ")"));
}

// The requests are those of Kaggle's public API, as documented by kagglehub (0.3: clients.py, http_resolver.py) and by the
// official client (kaggle 1.6, swagger.yaml): GET api/v1/models/OWNER/MODEL/FRAMEWORK/VARIATION/get and
// .../VERSION/download[/PATH], with HTTP basic or bearer authorization, answered by a redirect to Google Cloud Storage.
class Kaggle : public Repository {
 public:
  Kaggle(const KaggleHandle& handle, const Settings& settings) : handle_(handle), settings_(settings), http_(settings) {
    // Layout: kagglehub 1.0, cache.py, get_cached_path and _get_completion_marker_filepath.
    root_ = settings.kaggle_cache / "models" / handle.owner / handle.model / handle.framework / handle.variation;
    if (!handle_.version) handle_.version = newest_version();
    const std::string version = std::to_string(*handle_.version);
    directory_ = root_ / version;
    marks_ = root_ / ".complete" / version;
    whole_mark_ = root_ / (version + ".complete");
  }

  bool fetch(const std::string& file) override {
    check(is_safe_path(file), "fetch: a file's name must be a relative path of letters, digits and '-_./', got '", file, "'");
    if (const std::optional<bool> known = cached(file)) return *known;
    if (!settings_.offline.empty()) {
      // Everything that was fetched is there; a preset need not have the rest.
      if (is_file(directory_ / "config.json")) return false;
      fail_offline(settings_, to_string(handle_) + "/" + file, settings_.kaggle_cache);
    }
    const FileLock lock(root_ / ".linnet" / cat(*handle_.version, '.', flat(file), ".lock"));
    if (const std::optional<bool> known = cached(file)) return *known;  // somebody else was faster
    return fetch_locked(file);
  }

  void fetch_all() override {
    if (is_file(whole_mark_)) return;
    const std::string what = to_string(handle_);
    if (!settings_.offline.empty()) fail_offline(settings_, "all of " + what, settings_.kaggle_cache);
    const FileLock lock(root_ / ".linnet" / cat(*handle_.version, ".lock"));
    if (is_file(whole_mark_)) return;
    make_directories(root_);
    const std::filesystem::path partial = root_ / cat(*handle_.version, ".archive.incomplete");
    const HttpResponse response = download(http_, request("/download"), {}, partial, what, settings_);
    if (response.status / 100 != 2) refuse(response, what, settings_);
    std::vector<std::string> files;
    try {
      files = extract_archive(partial, directory_);
    } catch (...) {
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);  // it would be as bad the next time
      throw;
    }
    for (const std::string& file : files) mark(marks_ / (file + ".complete"));
    mark(whole_mark_);
    std::filesystem::remove(partial);
  }

 private:
  static bool is_file(const std::filesystem::path& file) {
    std::error_code error;
    return std::filesystem::is_regular_file(file, error);
  }
  /// One name for a lock, whatever the file's directories.
  static std::string flat(std::string file) {
    std::ranges::replace(file, '/', '+');
    return file;
  }

  HttpRequest request(const std::string& rest) const {
    const std::string version = handle_.version ? cat('/', *handle_.version) : "";
    return {.url = cat(settings_.kaggle_endpoint, "/api/v1/models/", handle_.owner, '/', handle_.model, '/', handle_.framework, '/',
                       handle_.variation, version, rest),
            .authorization = authorization(settings_)};
  }

  /// True or false if the cache knows whether there is such a file.
  std::optional<bool> cached(const std::string& file) const {
    if (is_file(directory_ / file) && (is_file(marks_ / (file + ".complete")) || is_file(whole_mark_))) return true;
    if (is_file(whole_mark_) || is_file(marks_ / (file + ".absent"))) return false;  // versions do not change
    return {};
  }

  bool fetch_locked(const std::string& file) {
    const std::string what = to_string(handle_) + "/" + file;
    const std::filesystem::path target = directory_ / file, partial = directory_ / (file + ".incomplete");
    make_directories(target.parent_path());
    const HttpResponse response = download(http_, request("/download/" + file), {}, partial, file, settings_);
    if (response.status / 100 != 2) {
      std::error_code ignored;
      if (std::filesystem::file_size(partial, ignored) == 0) std::filesystem::remove(partial, ignored);
    }
    if (response.status == 404) {
      // A wrong name of the model gives 404 too, so this is remembered only for a model that is there.
      if (is_file(marks_ / "config.json.complete")) mark(marks_ / (file + ".absent"));
      return false;
    }
    if (response.status / 100 != 2) refuse(response, what, settings_);
    const std::string path = response.url.substr(0, response.url.find_first_of("?#"));
    const std::string name = target.filename().string();
    if (path.ends_with("/" + name + ".zip")) {  // large texts are stored so: kagglehub, clients.py, download_file
      const std::filesystem::path unpacked = directory_ / (file + ".unpacked.incomplete");
      try {
        extract_one(partial, name, unpacked);
      } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(partial, ignored);
        throw;
      }
      commit(unpacked, target);
      std::filesystem::remove(partial);
    } else {
      commit(partial, target);
    }
    mark(marks_ / (file + ".complete"));
    return true;
  }

  /// What it marks has reached the disk already; that the mark does is not needed.
  static void mark(const std::filesystem::path& file) {
    make_directories(file.parent_path());
    check_file(std::ofstream(file).good(), "fetch: cannot write ", file.string());
  }

  std::int64_t newest_version() {
    const std::int64_t here = newest_cached();
    const std::string what = to_string(handle_);
    if (!settings_.offline.empty()) {
      if (here == 0) fail_offline(settings_, what, settings_.kaggle_cache);
      return here;
    }
    Settings settings = settings_;
    if (here > 0) settings.attempts = std::min(settings.attempts, 2);
    try {
      const HttpResponse response = send_patiently(http_, request("/get"), settings);
      if (response.status / 100 == 2) {
        const std::int64_t version = JsonValue::parse(response.body, response.url).at("versionNumber").integer();
        check_file(version > 0, response.url, ": versionNumber must be positive, got ", version);
        return version;
      }
      if (here == 0 || !is_passing(response.status)) refuse(response, what, settings_);
    } catch (const HttpFailure&) {
      if (here == 0) throw;
    }
    return here;
  }

  /// The newest version that is in the cache with its config; 0 if none is.
  std::int64_t newest_cached() const {
    std::int64_t newest = 0;
    for (const std::string& name : names_in(root_)) {
      const bool number = !name.empty() && name.size() <= 9 && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
      const bool complete = is_file(root_ / (name + ".complete")) || is_file(root_ / ".complete" / name / "config.json.complete");
      if (number && complete && is_file(root_ / name / "config.json")) newest = std::max<std::int64_t>(newest, std::stoll(name));
    }
    return newest;
  }

  KaggleHandle handle_;
  Settings settings_;
  Http http_;
  std::filesystem::path root_, marks_, whole_mark_;
};

}  // namespace

std::unique_ptr<Repository> open_kaggle(const KaggleHandle& handle, const Settings& settings) { return std::make_unique<Kaggle>(handle, settings); }

}  // namespace linnet::hub
