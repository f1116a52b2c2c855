#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace linnet {

/// Replaces a file as a whole: whoever opens `target` sees the old or the new content, never a part. Write to temporary(),
/// close it, then commit(). Dropped without commit, it removes the temporary file and leaves the target as it was.
class AtomicFile {
 public:
  /// Picks a new name in the target's directory, which must exist; makes nothing yet. Throws std::runtime_error otherwise.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary() const { return temporary_; }
  std::filesystem::path directory() const;  ///< where both are
  /// Writes a text to temporary(). Throws std::runtime_error naming the target and the system's reason.
  void write(std::string_view text);
  /// fsync, rename, fsync of the directory. Throws std::runtime_error naming the file and the system's reason.
  void commit();
  /// The target has been replaced: also if commit() threw because the directory did not reach the disk.
  bool committed() const { return committed_; }

 private:
  std::filesystem::path target_, temporary_;
  bool committed_ = false;
};

/// Removes what an AtomicFile of a process that was killed has left in a directory. Only for a directory that this process alone
/// writes to.
void remove_partial_files(const std::filesystem::path& directory);

inline constexpr std::int64_t kLargestText = std::int64_t{1} << 30;
/// The whole content of a regular file. Throws std::runtime_error naming the file, also when it has more than `limit` bytes.
std::string read_text(const std::filesystem::path& file, std::int64_t limit = kLargestText);
/// Replaces the file atomically. Throws std::runtime_error naming the file and the system's reason.
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace linnet
