#pragma once

#include <filesystem>
#include <string_view>

namespace linnet {

/// Holds a directory for this process: flock() on the directory itself, so that nothing is left in it, and the system frees it
/// when the process dies. On a file system without such locks (NFS) it holds nothing.
class DirectoryLock {
 public:
  /// Makes the directory and those above it. `what` begins the messages. Throws std::runtime_error naming the directory if it
  /// cannot be made or written to, or if another process has it.
  DirectoryLock(std::string_view what, const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace linnet
