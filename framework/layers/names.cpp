#include "framework/layers/names.h"

#include "framework/core/error.h"

namespace linnet {
namespace {

bool is_upper(char c) { return 'A' <= c && c <= 'Z'; }
bool is_lower(char c) { return 'a' <= c && c <= 'z'; }

}  // namespace

std::string snake_case(std::string_view class_name) {
  std::string words;
  for (std::size_t i = 0; i < class_name.size();) {  // (.)([A-Z][a-z]+) -> \1_\2
    words += class_name[i];
    std::size_t end = i + 2;
    while (end < class_name.size() && is_lower(class_name[end])) ++end;
    const bool word = i + 2 < class_name.size() && is_upper(class_name[i + 1]) && end > i + 2;
    if (word) words += cat('_', class_name.substr(i + 1, end - i - 1));
    i = word ? end : i + 1;
  }
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {  // ([a-z])([A-Z]) -> \1_\2
    if (i > 0 && is_lower(words[i - 1]) && is_upper(words[i])) result += '_';
    result += is_upper(words[i]) ? static_cast<char>(words[i] - 'A' + 'a') : words[i];
  }
  return result;
}

}  // namespace linnet
