#include "framework/io/hdf5/image.h"

#include <bit>
#include <cstring>

namespace linnet::hdf5 {

std::uint64_t Cursor::number(std::size_t width) {
  const Bytes bytes = take(width);
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

Bytes Cursor::take(std::uint64_t size) {
  require(size <= left(), what_, " is cut off");
  at_ += size;
  return bytes_.subspan(at_ - size, size);
}

std::string_view Cursor::text(std::uint64_t size) {
  const Bytes bytes = take(size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Cursor::align() { skip((8 - at_ % 8) % 8); }

void Cursor::signature(std::string_view expected) { require(text(expected.size()) == expected, what_, " must begin with '", expected, "'"); }

void Cursor::version(std::uint8_t expected) {
  const unsigned got = u8();
  require(got == expected, what_, " must have version ", unsigned{expected}, ", got ", got);
}

bool Image::claimed(std::uint64_t address) const {
  const auto next = claimed_.upper_bound(address);
  return next != claimed_.begin() && std::prev(next)->second > address;
}

Bytes Image::peek(std::uint64_t address, std::uint64_t size, std::string_view what) const {
  require(address <= file_.size() && size <= file_.size() - address, what, " must lie in the file, got ", size, " bytes at ", address, " of ",
          file_.size());
  return file_.subspan(address, size);
}

Bytes Image::claim(std::uint64_t address, std::uint64_t size, std::string_view what) {
  const Bytes bytes = peek(address, size, what);
  if (size == 0) return bytes;
  std::uint64_t begin = address, end = address + size;
  auto next = claimed_.upper_bound(begin);
  const bool free = !claimed(begin) && (next == claimed_.end() || next->first >= end);
  require(free, what, " must have bytes of its own, got ", size, " at ", address, " that are something else already");
  if (next != claimed_.end() && next->first == end) {
    end = next->second;
    next = claimed_.erase(next);
  }
  if (next != claimed_.begin() && std::prev(next)->second == begin) std::prev(next)->second = end;
  else claimed_.emplace_hint(next, begin, end);
  return bytes;
}

void Image::count(std::string_view what) {
  constexpr std::uint64_t kMost = 250'000;
  require(++parts_ <= kMost, "must have at most ", kMost, " parts, got another of ", what);
}

std::uint32_t checksum(Bytes bytes) {
  // lookup3.c, Bob Jenkins, May 2006, public domain: three words a time, the last of them mixed in full.
  std::uint32_t a = 0xdeadbeef + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
  const auto step = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t& z, int bits) {
    x = (x - z) ^ std::rotl(z, bits);
    z += y;
  };
  const auto finish = [](std::uint32_t& x, std::uint32_t y, int bits) { x = (x ^ y) - std::rotl(y, bits); };
  const auto add = [&](Bytes words) {
    std::uint32_t word[3] = {};
    std::memcpy(word, words.data(), words.size());
    a += word[0];
    b += word[1];
    c += word[2];
  };
  for (; bytes.size() > 12; bytes = bytes.subspan(12)) {
    add(bytes.first(12));
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
  }
  if (bytes.empty()) return c;
  add(bytes);
  finish(c, b, 14);
  finish(a, c, 11);
  finish(b, a, 25);
  finish(c, b, 16);
  finish(a, c, 4);
  finish(b, a, 14);
  finish(c, b, 24);
  return c;
}

void require_checksum(std::uint64_t stored, Bytes bytes, std::string_view what) {
  require(stored == checksum(bytes), what, " does not have its checksum: bytes were changed");
}

void require_checksum(Bytes bytes, std::string_view what) {
  require(bytes.size() >= 4, what, " is cut off");
  require_checksum(Cursor(bytes.last(4), what).u32(), bytes.first(bytes.size() - 4), what);
}

}  // namespace linnet::hdf5
