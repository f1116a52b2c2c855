#include "framework/hub/handle.h"

#include <algorithm>
#include <vector>

#include "framework/core/error.h"

namespace linnet::hub {
namespace {

constexpr std::string_view kForms = "kaggle://ORG/MODEL/keras/VARIATION[/VERSION] or hf://ORG/REPO[@REVISION]";
constexpr std::size_t kLongestPart = 200;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

bool is_name(std::string_view part) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !part.empty() && part.size() <= kLongestPart && part != "." && part != ".." && std::ranges::all_of(part, allowed);
}

KaggleHandle parse_kaggle(std::string_view text, std::string_view path) {
  const std::vector<std::string_view> parts = split(path);
  check((parts.size() == 4 || parts.size() == 5) && std::ranges::all_of(parts, is_name),
        "handle: must have the form kaggle://ORG/MODEL/keras/VARIATION[/VERSION], got '", text, "'");
  KaggleHandle handle{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
  if (parts.size() == 4) return handle;
  const bool number = parts[4].size() <= 9 && std::ranges::all_of(parts[4], [](char c) { return c >= '0' && c <= '9'; });
  check(number && parts[4][0] != '0', "handle: a version must be a number from 1, got '", parts[4], "' in '", text, "'");
  handle.version = std::stoll(std::string(parts[4]));
  return handle;
}

HuggingFaceHandle parse_hugging_face(std::string_view text, std::string_view path) {
  const std::size_t at = path.find('@');
  const std::string_view repository = path.substr(0, at);
  const std::vector<std::string_view> parts = split(repository);
  // "--" joins the parts in the cache's names.
  check(parts.size() <= 2 && std::ranges::all_of(parts, is_name) && repository.find("--") == std::string_view::npos,
        "handle: must have the form hf://ORG/REPO[@REVISION], got '", text, "'");
  HuggingFaceHandle handle{std::string(repository)};
  if (at == std::string_view::npos) return handle;
  handle.revision = path.substr(at + 1);
  check(is_safe_path(handle.revision), "handle: a revision must be a branch, a tag or a commit, got '", handle.revision, "' in '", text, "'");
  return handle;
}

}  // namespace

bool is_safe_path(std::string_view path) { return std::ranges::all_of(split(path), is_name); }

std::optional<Handle> parse_handle(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return {};
  std::string scheme(text.substr(0, end));
  std::ranges::transform(scheme, scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view path = text.substr(end + 3);
  if (scheme == "kaggle") return parse_kaggle(text, path);
  check(scheme == "hf", "handle: must be ", kForms, ", got '", text, "'");
  return parse_hugging_face(text, path);
}

std::string to_string(const Handle& handle) {
  if (const auto* hf = std::get_if<HuggingFaceHandle>(&handle))
    return cat("hf://", hf->repository, hf->revision == "main" ? "" : "@", hf->revision == "main" ? "" : hf->revision);
  const auto& kaggle = std::get<KaggleHandle>(handle);
  const std::string version = kaggle.version ? cat('/', *kaggle.version) : "";
  return cat("kaggle://", kaggle.owner, '/', kaggle.model, '/', kaggle.framework, '/', kaggle.variation, version);
}

}  // namespace linnet::hub
