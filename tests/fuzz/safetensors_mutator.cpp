// The header is JSON of which the file states the length: it is mutated by structure and its length set right, mostly.

#include <algorithm>
#include <cstring>

#include "tests/fuzz/json_mutator.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  std::uint64_t length = 0;
  if (size >= 8) std::memcpy(&length, data, 8);
  if (size < 8 || length > size - 8 || random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string header(reinterpret_cast<const char*>(data) + 8, length), rest(reinterpret_cast<const char*>(data) + 8 + length, size - 8 - length);
  if (random() % 3 != 0) {
    header = linnet::fuzz::mutate_json(header, random);
  } else if (random() % 2 == 0) {
    header.resize(header.size() + 64);
    header.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(header.data()), length, header.size()));
  } else {
    rest.resize(random() % 64);
  }
  length = header.size();
  std::string result(8, '\0');
  std::memcpy(result.data(), &length, 8);
  result += header + rest;
  if (result.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, result.data(), result.size());
  return result.size();
}
