#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace linnet {

/// The bytes of a regular file, mapped for reading. Throws std::runtime_error naming the file if that fails. The file must
/// not be cut while it is mapped; replacing it (as AtomicFile does) is fine.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Gives back the memory of the pages within `part`, which has been read; reading it again pages it in again.
  static void release(std::span<const std::byte> part);

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace linnet
