#pragma once

#include <cstddef>
#include <cstdint>

namespace linnet {

/// CRC-32 of bytes that come in pieces. Source: ISO 3309, by zlib.
class Crc32 {
 public:
  /// The next bytes.
  void add(const void* data, std::size_t bytes);
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
};

}  // namespace linnet
