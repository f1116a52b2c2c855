#include "tests/fuzz/json_mutator.h"

#include <string_view>
#include <vector>

namespace linnet::fuzz {
namespace {

/// Where a string, a bare word, or a balanced list or object lies.
struct Piece {
  std::size_t begin, end;
};

std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

std::vector<Piece> pieces_of(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,:";
  std::vector<Piece> pieces;
  std::vector<std::size_t> open;  // indices of pieces that are not closed yet
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (kBetween.find(c) != std::string_view::npos) ++at;
    else if (c == '{' || c == '[') {
      open.push_back(pieces.size());
      pieces.push_back({at++, text.size()});
    } else if (c == '}' || c == ']') {
      ++at;
      if (open.empty()) continue;
      pieces[open.back()].end = at;
      open.pop_back();
    } else {
      const std::size_t end = c == '"' ? end_of_string(text, at) : std::min(text.find_first_of(" \t\r\n,:{}[]\"", at), text.size());
      pieces.push_back({at, end});
      at = end;
    }
  }
  return pieces;
}

constexpr std::string_view kValues[] = {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-1",
                                        "1",
                                        "2",
                                        "8",
                                        "64",
                                        "1.5",
                                        "-0.0",
                                        "1e308",
                                        "1e-320",
                                        "1e999",
                                        "NaN",
                                        "2147483648",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "18446744073709551615",
                                        "99999999999999999999",
                                        "\"\"",
                                        "\"a\"",
                                        "\"../../x\"",
                                        "\"/etc/passwd\"",
                                        "\"\\u0000\"",
                                        "\"\\ud800\"",
                                        "\"F32\"",
                                        "\"BF16\"",
                                        "\"I64\"",
                                        "\"gelu\"",
                                        "\"float16\"",
                                        "\"int8\"",
                                        "[]",
                                        "{}",
                                        "[[]]",
                                        "{\"\":{}}",
                                        "[0,4]",
                                        "[1,2,3]",
                                        "{\"class_name\":\"Dense\",\"config\":{\"units\":2,\"input_dim\":2}}"};

}  // namespace

std::string mutate_json(const std::string& text, std::mt19937& random) {
  const std::vector<Piece> pieces = pieces_of(text);
  if (pieces.empty()) return text;
  const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
  const Piece piece = pieces[below(pieces.size())], other = pieces[below(pieces.size())];
  const std::string before = text.substr(0, piece.begin), here = text.substr(piece.begin, piece.end - piece.begin), after = text.substr(piece.end);
  switch (below(7)) {
    case 0:
    case 1: return before + std::string(kValues[below(std::size(kValues))]) + after;
    case 2: return before + text.substr(other.begin, other.end - other.begin) + after;
    case 3: return before + here + "," + here + after;
    case 4: {  // with the comma or colon behind it
      const std::size_t next = after.find_first_not_of(" \t\r\n,:");
      return before + (next == std::string::npos ? "" : after.substr(next));
    }
    case 5: return before + (below(2) == 0 ? "[" + here + "]" : "{\"a\":" + here + "}") + after;
    default: return before + here + ",\"k\":" + std::string(kValues[below(std::size(kValues))]) + after;
  }
}

}  // namespace linnet::fuzz
