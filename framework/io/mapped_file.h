#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace linnet {

/// The bytes of a regular file, mapped into memory. Throws std::runtime_error naming the file if that fails. The file must
/// not be cut while it is mapped, or reading raises SIGBUS, nor be written to; replacing it (as AtomicFile does) is fine.
class MappedFile {
 public:
  /// What may be done to the bytes.
  enum class Access {
    read,
    copy_on_write  ///< the bytes may be written: a page that is becomes a copy in memory, and the file stays as it is
  };
  explicit MappedFile(const std::filesystem::path& file, Access access = Access::read);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return bytes_; }
  /// The same with copy_on_write.
  std::span<std::byte> writable_bytes() { return {const_cast<std::byte*>(bytes_.data()), bytes_.size()}; }
  /// Copies a part of a mapped file to `to`, on all threads. Gives back the memory of the pages on the way, so that the file does
  /// not lie in memory beside its copy; reading it again pages it in again.
  static void copy_out(std::span<const std::byte> part, void* to);

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace linnet
