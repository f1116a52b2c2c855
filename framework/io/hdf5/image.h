#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/core/error.h"

/// A reader of the part of HDF5 that Keras and h5py write, for files that nobody vouches for. Section numbers in this folder are
/// those of the HDF5 File Format Specification, version 3.0.
namespace linnet::hdf5 {

/// A part of a file.
using Bytes = std::span<const std::byte>;

/// Why a file is not read, and where in its tree; Hdf5File adds which file.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string where = {};  ///< path from the root
};

/// Throws Refused with the parts joined, unless `ok`.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) throw Refused(cat(parts...));
}

/// The address of what is not there (II).
inline constexpr std::uint64_t kUndefined = ~std::uint64_t{0};

/// Reads bytes front to back; HDF5's own numbers are little-endian. Every method throws Refused rather than pass the end.
class Cursor {
 public:
  /// `what` they are, for errors: "the superblock". Both outlive the cursor.
  Cursor(Bytes bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  /// An unsigned number of 1 to 8 bytes.
  std::uint64_t number(std::size_t width);
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  Bytes take(std::uint64_t size);
  std::string_view text(std::uint64_t size);
  void skip(std::uint64_t size) { take(size); }
  /// Skips to a multiple of eight bytes from the beginning.
  void align();
  /// The next bytes must be these.
  void signature(std::string_view expected);
  /// The next byte must be this version.
  void version(std::uint8_t expected);
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  Bytes bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
};

/// The bytes of a file. Each can be claimed once: what is claimed overlaps nothing and lies on no cycle, and reading all of it takes
/// time linear in the file's size.
class Image {
 public:
  explicit Image(Bytes file) : file_(file) {}

  std::uint64_t size() const { return file_.size(); }
  /// True if the byte at an address is somebody's.
  bool claimed(std::uint64_t address) const;
  /// The bytes at an address, whoever's they are. Throws Refused unless they are in the file.
  Bytes peek(std::uint64_t address, std::uint64_t size, std::string_view what) const;
  /// The bytes at an address. Throws Refused unless they are in the file and nobody's yet.
  Bytes claim(std::uint64_t address, std::uint64_t size, std::string_view what);
  /// Counts small parts (chunks, attributes, objects of heaps), of which there is a limit: they cost memory.
  void count(std::string_view what);

 private:
  Bytes file_;
  std::map<std::uint64_t, std::uint64_t> claimed_;  // begin -> end, neighbours joined
  std::uint64_t parts_ = 0;
};

/// Jenkins' lookup3, which the newer structures of the format end with.
std::uint32_t checksum(Bytes bytes);
/// Throws Refused unless `stored` is the checksum of the bytes.
void require_checksum(std::uint64_t stored, Bytes bytes, std::string_view what);
/// Throws Refused unless the last four bytes are the checksum of those before.
void require_checksum(Bytes bytes, std::string_view what);

}  // namespace linnet::hdf5
