// A tar header has a checksum, and without a right one nothing behind it is looked at: after a mutation all are set right.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  constexpr std::size_t kBlock = 512, kSizeAt = 124, kSumAt = 148;
  std::mt19937 random(seed);
  if (size >= kBlock && random() % 2 == 0) {  // one field of a header, so that sizes and blocks stay
    constexpr std::size_t kTypeAt = 156, kLinkAt = 157;
    std::uint8_t* header = data + random() % (size / kBlock) * kBlock;
    switch (random() % 3) {
      case 0: header[kTypeAt] = static_cast<std::uint8_t>("0123456xgLKVSD"[random() % 14]); break;
      case 1: header[random() % 100] = static_cast<std::uint8_t>("./\0a\\~"[random() % 6]); break;
      default: header[kLinkAt + random() % 100] = static_cast<std::uint8_t>("./\0a"[random() % 4]); break;
    }
  } else {
    size = LLVMFuzzerMutate(data, size, max_size);
  }
  for (std::size_t at = 0; at + kBlock <= size;) {
    std::uint8_t* header = data + at;
    if (std::memcmp(header + 257, "ustar", 5) != 0) break;
    std::memset(header + kSumAt, ' ', 8);
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += header[i];
    std::snprintf(reinterpret_cast<char*>(header + kSumAt), 8, "%06o", sum);
    char length[13] = {};
    std::memcpy(length, header + kSizeAt, 12);
    const unsigned long long content = std::strtoull(length, nullptr, 8);
    if (content > size) break;
    at += kBlock + (content + kBlock - 1) / kBlock * kBlock;
  }
  return size;
}
