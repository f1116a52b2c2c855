#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace linnet {

/// A new file that is written at any place. The first call that fails is remembered, and all later ones do nothing: whoever writes
/// (HDF5, for one, does not survive a failed write) looks once, at the end. Calls that a signal interrupts, and short writes, go on.
class OutputFile {
 public:
  /// Throws std::runtime_error naming the file if it is there or cannot be made.
  explicit OutputFile(const std::filesystem::path& file);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// These bytes at that place.
  void write(std::int64_t offset, const void* data, std::int64_t bytes);
  /// Behind what was appended before.
  void append(const void* data, std::int64_t bytes);
  /// What was written there; zeros where nothing was, or once a call has failed.
  void read(std::int64_t offset, void* data, std::int64_t bytes);
  /// Cuts the file off, or lengthens it by zeros.
  void resize(std::int64_t bytes);
  /// Closing reports a failed write, too. Throws std::runtime_error, `what` first, with the system's reason if any call failed.
  void close(const std::string& what);

 private:
  void note(bool ok);

  int descriptor_, error_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace linnet
