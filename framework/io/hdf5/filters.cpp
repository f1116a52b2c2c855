#include "framework/io/hdf5/filters.h"

#include <zlib.h>

#include <algorithm>

namespace linnet::hdf5 {
namespace {

std::vector<std::byte> inflated(Bytes from, std::size_t size) {
  std::vector<std::byte> to(size);
  uLongf got = size;
  const int status = uncompress(reinterpret_cast<Bytef*>(to.data()), &got, reinterpret_cast<const Bytef*>(from.data()), from.size());
  require(status == Z_OK && got == size, "a chunk must inflate to ", size, " bytes: its bytes were changed");
  return to;
}

/// First all first bytes of the elements, then all second ones, …: put together again.
std::vector<std::byte> unshuffled(Bytes from, std::size_t element_size) {
  std::vector<std::byte> to(from.begin(), from.end());  // what is no whole element stays where it is
  const std::size_t elements = from.size() / element_size;
  for (std::size_t byte = 0; byte < element_size; ++byte)
    for (std::size_t i = 0; i < elements; ++i) to[i * element_size + byte] = from[byte * elements + i];
  return to;
}

/// Fletcher's checksum of 32 bits over big-endian words, with HDF5's representation of zero.
std::uint32_t fletcher32(Bytes bytes) {
  const auto fold = [](std::uint32_t sum) { return (sum & 0xFFFF) + (sum >> 16); };
  std::uint32_t low = 0, high = 0;
  constexpr std::size_t kBlock = 720;  // 360 words: the most that 32 bits hold the sums of
  for (std::size_t begin = 0; begin < bytes.size(); begin += kBlock) {
    const Bytes block = bytes.subspan(begin, std::min(kBlock, bytes.size() - begin));
    for (std::size_t i = 0; i < block.size(); i += 2) {
      const auto second = i + 1 < block.size() ? std::to_integer<std::uint32_t>(block[i + 1]) : 0;
      low += std::to_integer<std::uint32_t>(block[i]) << 8 | second;
      high += low;
    }
    low = fold(low);
    high = fold(high);
  }
  return fold(high) << 16 | fold(low);
}

std::vector<std::byte> checked(Bytes bytes) {
  require(bytes.size() >= 4, "a chunk is cut off");
  const Bytes data = bytes.first(bytes.size() - 4);
  require(Cursor(bytes.last(4), "a chunk").u32() == fletcher32(data), "a chunk does not have its checksum: bytes were changed");
  return {data.begin(), data.end()};
}

}  // namespace

std::vector<std::byte> undo_filters(const Chunk& chunk, const std::vector<Filter>& filters, std::size_t element_size, std::size_t size) {
  const auto applied = [&](std::size_t filter) { return (chunk.skipped >> filter & 1) == 0; };
  std::vector<std::byte> bytes(chunk.bytes.begin(), chunk.bytes.end());
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (!applied(i)) continue;
    if (filters[i] == Filter::shuffle) bytes = unshuffled(bytes, element_size);
    if (filters[i] == Filter::fletcher32) bytes = checked(bytes);
    if (filters[i] == Filter::deflate) {
      std::size_t expected = size;  // and the checksums that were appended before
      for (std::size_t before = 0; before < i; ++before) expected += filters[before] == Filter::fletcher32 && applied(before) ? 4 : 0;
      bytes = inflated(bytes, expected);
    }
  }
  require(bytes.size() == size, "a chunk must have ", size, " bytes, got ", bytes.size());
  return bytes;
}

}  // namespace linnet::hdf5
