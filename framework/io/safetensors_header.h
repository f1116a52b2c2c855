#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/shape.h"

/// Internal to safetensors.cpp.
namespace linnet::safetensors {

inline constexpr std::int64_t kLargestHeader = 100'000'000;
/// Far more than any file has, so that a header of 100 MB cannot take GBs. Texts are those of __metadata__.
inline constexpr std::size_t kMostTensors = 500'000, kMostTexts = 100'000;

/// What the header says of one tensor.
struct HeaderEntry {
  std::string name, type;
  Shape shape;
  std::int64_t begin = 0, end = 0;  ///< bytes from the start of the data
};
/// The header of one file.
struct Header {
  std::vector<HeaderEntry> entries;  ///< sorted by name
  std::map<std::string, std::string> metadata;
};

/// Parses and checks the JSON header of `file` against `data_bytes` bytes of data. Throws std::runtime_error.
Header parse_header(std::string_view text, std::int64_t data_bytes, const std::string& file);
/// Bytes of an element of a type of the format; 0 for an unknown one.
std::int64_t element_bytes(std::string_view type);
/// tensor name -> file name of an index. Throws std::runtime_error.
std::map<std::string, std::string> parse_index(std::string_view text, const std::string& file);

}  // namespace linnet::safetensors
