#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Models on hubs: what they are called, how they are fetched, where they are kept.
namespace linnet::hub {

/// `kaggle://OWNER/MODEL/FRAMEWORK/VARIATION[/VERSION]`; without a version the newest is meant.
struct KaggleHandle {
  std::string owner, model, framework, variation;
  std::optional<std::int64_t> version = {};
};
/// `hf://ORG/REPO[\@REVISION]`; a revision is a branch, a tag or a commit.
struct HuggingFaceHandle {
  std::string repository, revision = "main";
};
using Handle = std::variant<KaggleHandle, HuggingFaceHandle>;

/// The handle that `text` is; none if it has no "://". Throws std::invalid_argument for another scheme, a wrong number of
/// parts, or parts with other characters than letters, digits and "-_." (revisions: also "/"), so that no part can lead out of a cache.
std::optional<Handle> parse_handle(std::string_view text);
std::string to_string(const Handle& handle);

/// Whether a hub's file name may become a path below a directory: relative, of the characters above, no part "." or "..".
bool is_safe_path(std::string_view path);

}  // namespace linnet::hub
