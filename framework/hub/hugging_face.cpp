#include "framework/hub/hugging_face.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "framework/config/json_value.h"
#include "framework/core/error.h"
#include "framework/hub/download.h"
#include "framework/hub/file_lock.h"
#include "framework/io/atomic_file.h"

namespace linnet::hub {
namespace {

// Names of huggingface_hub 2.4, constants.py.
constexpr const char *kCommit = "x-repo-commit", *kLinkedEtag = "x-linked-etag", *kLinkedSize = "x-linked-size", *kErrorCode = "x-error-code";
constexpr std::int64_t kLargestListing = std::int64_t{16} << 20;

/// What HEAD says of a file.
struct Metadata {
  int status = 0;
  std::string url = {}, commit = {}, etag = {}, error_code = {};
  std::int64_t size = -1;
};

/// W/"abc" -> abc
std::string plain_etag(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  std::erase(etag, '"');
  return etag;
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos; at += 3) text.replace(at, 1, "%2F");
  return text;
}

bool is_file(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error);
}

// The requests are those of huggingface_hub (2.4, file_download.py and hf_api.py): HEAD and GET of REPO/resolve/REVISION/FILE,
// whose headers name commit, ETag and size, and api/models/REPO/revision/REVISION for the list of files.
class HuggingFace : public Repository {
 public:
  HuggingFace(const HuggingFaceHandle& handle, const Settings& settings) : handle_(handle), settings_(settings), http_(settings) {
    // Layout: file_download.py, repo_folder_name and _get_pointer_path.
    std::string folder = "models--" + handle.repository;
    if (const std::size_t slash = folder.find('/'); slash != std::string::npos) folder.replace(slash, 1, "--");
    root_ = settings.hugging_face_cache / folder;
    locks_ = settings.hugging_face_cache / ".locks" / folder;
    commit_ = find_commit();
    directory_ = root_ / "snapshots" / commit_;
  }

  bool fetch(const std::string& file) override {
    check(is_safe_path(file), "fetch: a file's name must be a relative path of letters, digits and '-_./', got '", file, "'");
    const std::filesystem::path absent = root_ / ".no_exist" / commit_ / file;
    if (is_file(directory_ / file)) return keep_reference();
    if (is_file(absent)) return false;
    if (!settings_.offline.empty() || unreachable_) {
      if (is_file(directory_ / "config.json")) return false;  // as Kaggle's
      if (unreachable_) throw std::runtime_error(*unreachable_);
      fail_offline(settings_, what() + "/" + file, settings_.hugging_face_cache);
    }
    const Metadata metadata = look_up(file, commit_, settings_);
    if (metadata.status == 404 && (metadata.error_code == "EntryNotFound" || (metadata.error_code.empty() && is_file(directory_ / "config.json")))) {
      make_directories(absent.parent_path());
      check_file(std::ofstream(absent).good(), "fetch: cannot write ", absent.string());
      return false;
    }
    if (metadata.status == 404 && metadata.error_code.empty()) return false;
    require_access(metadata, what() + "/" + file);
    check_file(is_safe_path(metadata.etag) && metadata.etag.find('/') == std::string::npos, "fetch: the ETag of ", metadata.url,
               " must be of letters, digits and '-_.', got '", metadata.etag, "'");
    const FileLock lock(locks_ / (metadata.etag + ".lock"));
    fetch_blob(file, metadata);
    if (!is_file(directory_ / file)) link(file, metadata.etag);
    return keep_reference();
  }

  void fetch_all() override {
    if (!settings_.offline.empty()) fail_offline(settings_, "all of " + what(), settings_.hugging_face_cache);
    HttpRequest request{.url = cat(settings_.hugging_face_endpoint, "/api/models/", handle_.repository, "/revision/", commit_),
                        .authorization = authorization(),
                        .limit = kLargestListing};
    const HttpResponse response = send_patiently(http_, request, settings_);
    require_access({.status = response.status, .url = response.url, .error_code = response.header(kErrorCode)}, what());
    const JsonValue listing = JsonValue::parse(response.body, response.url);
    for (const JsonValue& sibling : listing.at("siblings").elements()) {
      const JsonValue& name = sibling.at("rfilename");
      check_file(is_safe_path(name.text()), name.where(), " must be a relative path of letters, digits and '-_./', got ", name.brief());
      check_file(fetch(name.text()), "fetch: ", what(), " must have ", name.text(), ", which its list of files names");
    }
  }

 private:
  std::string what() const { return to_string(handle_); }
  std::string authorization() const { return settings_.hugging_face_token.empty() ? "" : "Bearer " + settings_.hugging_face_token; }
  std::string url(const std::string& file, const std::string& revision) const {
    return cat(settings_.hugging_face_endpoint, '/', handle_.repository, "/resolve/", escaped(revision), '/', file);
  }

  Metadata look_up(const std::string& file, const std::string& revision, const Settings& settings) {
    const HttpResponse response =
        send_patiently(http_, {.url = url(file, revision), .authorization = authorization(), .head = true, .answer = kCommit}, settings);
    Metadata metadata{response.status, response.url, response.header(kCommit), {}, response.header(kErrorCode)};
    const std::string linked = response.header(kLinkedEtag);
    metadata.etag = plain_etag(linked.empty() ? response.header("etag") : linked);
    std::string size = response.header(kLinkedSize);
    if (size.empty() && response.status == 200 && response.header("content-encoding").empty()) size = response.header("content-length");
    std::int64_t bytes = -1;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), bytes);
    if (error == std::errc() && end == size.data() + size.size()) metadata.size = bytes;
    return metadata;
  }

  void require_access(const Metadata& metadata, const std::string& name) const {
    if (metadata.status >= 200 && metadata.status < 400) return;
    const bool token = !settings_.hugging_face_token.empty();
    std::string help = "try again later";
    if (metadata.status == 401) help = token ? "check HF_TOKEN and the name" : "check the name; a private or gated model needs HF_TOKEN";
    else if (metadata.status == 403) help = token ? "accept the model's terms on its page" : "accept the model's terms on its page, and set HF_TOKEN";
    else if (metadata.status == 404) help = metadata.error_code.empty() ? "check organisation, repository and revision" : metadata.error_code;
    else if (metadata.status < 500 && metadata.status != 429) help = "is HF_ENDPOINT right?";
    throw std::runtime_error(cat("fetch: ", name, " must be readable, got status ", metadata.status, " from ", metadata.url, " (", help, ")"));
  }

  std::string find_commit() {
    if (is_hex(handle_.revision, 40)) return handle_.revision;
    const std::filesystem::path reference = root_ / "refs" / handle_.revision;
    std::string here = is_file(reference) ? read_text(reference, 100) : "";
    if (!is_hex(here, 40)) here.clear();
    if (!settings_.offline.empty()) {
      if (here.empty()) fail_offline(settings_, what(), settings_.hugging_face_cache);
      return here;
    }
    Settings settings = settings_;
    if (!here.empty()) settings.attempts = std::min(settings.attempts, 2);
    try {
      const Metadata metadata = look_up("config.json", handle_.revision, settings);
      // A model that was fetched once stays of use when the hub is down or the token has gone.
      const bool known_there = metadata.status < 400 || metadata.error_code == "EntryNotFound";
      if (!known_there && !here.empty()) {
        unreachable_ = cat("fetch: ", what(), " must be readable, got status ", metadata.status, " from ", metadata.url);
        return here;
      }
      if (!known_there) require_access(metadata, what());
      check_file(is_hex(metadata.commit, 40), "fetch: ", metadata.url, " must name a commit in X-Repo-Commit, got '", metadata.commit,
                 "' (is HF_ENDPOINT a Hugging Face hub?)");
      return metadata.commit;
    } catch (const HttpFailure& failure) {
      if (here.empty()) throw;
      unreachable_ = failure.what();
    }
    return here;
  }

  /// The lock is held.
  void fetch_blob(const std::string& file, const Metadata& metadata) {
    const std::filesystem::path blob = root_ / "blobs" / metadata.etag, partial = root_ / "blobs" / (metadata.etag + ".linnet.incomplete");
    std::error_code error;
    if (is_file(blob) && (metadata.size < 0 || static_cast<std::int64_t>(std::filesystem::file_size(blob, error)) == metadata.size)) return;
    make_directories(blob.parent_path());
    Expected expected{.size = metadata.size};
    // Large files are named by their SHA-256, others by git's SHA-1.
    if (is_hex(metadata.etag, 64)) expected.kind = DigestKind::sha256;
    else if (is_hex(metadata.etag, 40)) expected.kind = DigestKind::git_blob;
    if (expected.kind) expected.digest = metadata.etag;
    const HttpResponse response = download(http_, {.url = url(file, commit_), .authorization = authorization()}, expected, partial, file, settings_);
    require_access({.status = response.status, .url = response.url, .error_code = response.header(kErrorCode)}, what() + "/" + file);
    commit(partial, blob);
  }

  /// snapshots/COMMIT/FILE -> ../../blobs/ETAG, under its name at once.
  void link(const std::string& file, const std::string& etag) const {
    const std::filesystem::path pointer = directory_ / file;
    make_directories(pointer.parent_path());
    std::string target = "../../";
    for (const char c : file) target += c == '/' ? "../" : "";
    std::filesystem::path made = pointer;
    made += cat(".", ::getpid(), ".incomplete");
    std::error_code error;
    std::filesystem::remove(made, error);
    std::filesystem::create_symlink(target + "blobs/" + etag, made, error);
    check_file(!error, "fetch: cannot make the link ", made.string(), ": ", error.message());
    commit(made, pointer);
  }

  /// The branch or tag leads to this commit from now on, once there is something of it.
  bool keep_reference() {
    if (kept_ || handle_.revision == commit_) return true;
    kept_ = true;
    const std::filesystem::path reference = root_ / "refs" / handle_.revision;
    if (is_file(reference) && read_text(reference, 100) == commit_) return true;
    try {
      make_directories(reference.parent_path());
      write_text(reference, commit_);
    } catch (const std::runtime_error&) {
      // A cache that is mounted for reading only serves all the same.
    }
    return true;
  }

  HuggingFaceHandle handle_;
  Settings settings_;
  Http http_;
  std::filesystem::path root_, locks_;
  std::string commit_;
  std::optional<std::string> unreachable_;
  bool kept_ = false;
};

}  // namespace

std::unique_ptr<Repository> open_hugging_face(const HuggingFaceHandle& handle, const Settings& settings) {
  return std::make_unique<HuggingFace>(handle, settings);
}

}  // namespace linnet::hub
