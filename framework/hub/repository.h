#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "framework/hub/handle.h"
#include "framework/hub/settings.h"

namespace linnet::hub {

/// The files of one version of a model, fetched into its hub's cache as they are asked for. The caches are those of Python's
/// tools, in their layout: what they fetched is found, and what we fetch is found by them. A file is there as a whole or
/// not at all, whatever is killed when; processes that want the same file fetch it once.
class Repository {
 public:
  virtual ~Repository() = default;
  /// Where the files lie, or will.
  const std::filesystem::path& directory() const { return directory_; }
  /// True if the file is in the directory now, false if the model has none of that name. Throws std::invalid_argument for a
  /// name that is_safe_path does not allow, std::runtime_error when it can neither be had nor ruled out.
  virtual bool fetch(const std::string& file) = 0;
  /// Fetches every file the model has, with few requests where the hub allows it. Throws as fetch does.
  virtual void fetch_all() = 0;

 protected:
  std::filesystem::path directory_;
};

/// Finds out the version: a newest version or a branch is looked up on the hub, and in the cache if the hub cannot be
/// reached. Throws std::runtime_error if neither knows it, and if the hub does not let us in.
std::unique_ptr<Repository> open_repository(const Handle& handle, const Settings& settings = Settings::from_environment());

}  // namespace linnet::hub
