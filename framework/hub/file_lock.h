#pragma once

#include <filesystem>

namespace linnet::hub {

/// Held by one process and one thread at a time: flock() on a file, as Python's filelock does, so that huggingface_hub waits
/// for us and we for it. The system frees it when its holder dies. The file stays.
class FileLock {
 public:
  /// Waits until the lock is free. Makes the file and the directories above it. Throws std::runtime_error naming it.
  explicit FileLock(const std::filesystem::path& file);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace linnet::hub
