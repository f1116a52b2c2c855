#include "framework/data/text_lines.h"

#include <fstream>

#include "framework/core/error.h"
#include "framework/text/unicode.h"

namespace linnet {

TextDataset read_text_lines(const std::filesystem::path& path) {
  const std::string file = path.string();
  check_file(std::filesystem::is_regular_file(path), file, ": must be a file of text, got ",
             std::filesystem::exists(path) ? "something else" : "no such file");
  std::ifstream in(path, std::ios::binary);
  check_file(in.is_open(), file, ": must be readable, got a file that cannot be opened (check its permissions)");
  std::vector<TextExample> examples;
  std::string text;
  for (std::int64_t line = 1; std::getline(in, text); ++line) {
    if (line == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    check_file(unicode::find_invalid(text) == std::string::npos, file, ":", line, ": text must be UTF-8, got other bytes");
    text.erase(text.find_last_not_of(" \t\r") + 1);
    if (!text.empty()) examples.push_back({text, "", 0});
  }
  check_file(in.eof(), file, ": must be readable to its end, got a read error");
  check_file(!examples.empty(), file, ": must have at least one line of text, got none");
  return TextDataset(std::move(examples), {}, false);
}

}  // namespace linnet
