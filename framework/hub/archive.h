#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linnet::hub {

/// What an archive may hold at most.
struct ArchiveLimits {
  std::int64_t files = 1'000;
  std::int64_t bytes_without_question = std::int64_t{256} << 20;  ///< all files together
  std::int64_t ratio = 100;                                       ///< more bytes only up to so many times the archive's
};

/// Unpacks a tar (also gzipped) or zip archive of regular files into a directory, which is made; files that are there are
/// replaced. All is checked and written beside the directory before anything appears in it. Throws std::runtime_error naming
/// archive and entry for a name that is_safe_path does not allow ("../", absolute, …), a name that is there twice, also as a
/// directory, anything but files and directories (links, devices), more than the limits, and damage; nothing appears then.
/// Owners, modes and times are ignored. Gives the files' names, sorted.
std::vector<std::string> extract_archive(const std::filesystem::path& archive, const std::filesystem::path& directory,
                                         const ArchiveLimits& limits = {});

/// Unpacks the only file, which must have that name, to `target`. Throws as extract_archive does.
void extract_one(const std::filesystem::path& archive, const std::string& name, const std::filesystem::path& target,
                 const ArchiveLimits& limits = {});

}  // namespace linnet::hub
