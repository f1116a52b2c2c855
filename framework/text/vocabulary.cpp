#include "framework/text/vocabulary.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "framework/core/error.h"
#include "framework/text/unicode.h"

namespace linnet {

namespace {

constexpr std::uintmax_t kMaxFileSize = std::uintmax_t{64} << 20;
constexpr std::size_t kShownDuplicates = 5;

/// The first eight bytes, missing ones as 0, in an integer that compares as they do.
std::uint64_t prefix(const std::string& token) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < 8; ++i) result = result << 8 | (i < token.size() ? static_cast<unsigned char>(token[i]) : 0);
  return result;
}

/// The indices of the tokens in ascending order of their bytes; equal tokens in order of their indices.
std::vector<std::int32_t> sorted_order(const std::vector<std::string>& tokens) {
  check(tokens.size() < INT32_MAX, "Vocabulary: ids must fit into int32, got ", tokens.size(), " tokens");
  std::vector<std::pair<std::uint64_t, std::int32_t>> keys;  // the prefix decides nearly always, without a look at the token
  keys.reserve(tokens.size());
  for (const std::string& token : tokens) keys.emplace_back(prefix(token), static_cast<std::int32_t>(keys.size()));
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const int sign = tokens[static_cast<std::size_t>(a.second)].compare(tokens[static_cast<std::size_t>(b.second)]);
    return sign != 0 ? sign < 0 : a.second < b.second;
  });
  std::vector<std::int32_t> order;
  order.reserve(keys.size());
  for (const auto& key : keys) order.push_back(key.second);
  return order;
}

/// `"a" (3 and 17), …` with the numbers of equal tokens counted from `first`; empty if all differ.
std::string duplicates(const std::vector<std::string>& tokens, const std::vector<std::int32_t>& order, std::int64_t first) {
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (tokens[static_cast<std::size_t>(order[i - 1])] == tokens[static_cast<std::size_t>(order[i])]) pairs.emplace_back(order[i], order[i - 1]);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(pairs.size(), kShownDuplicates); ++i) {
    text += cat(i == 0 ? "" : ", ", '"', tokens[static_cast<std::size_t>(pairs[i].first)], "\" (", pairs[i].second + first, " and ",
                pairs[i].first + first, ")");
  }
  if (pairs.size() > kShownDuplicates) text += cat(" and ", pairs.size() - kShownDuplicates, " more");
  return text;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.emplace_back(unicode::strip_right(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return lines;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    check(unicode::find_invalid(tokens_[i]) == std::string_view::npos, "Vocabulary: tokens must be UTF-8, got other bytes in token ", i);
  }
  const std::vector<std::int32_t> order = sorted_order(tokens_);
  const std::string twice = duplicates(tokens_, order, 0);
  check(twice.empty(), "Vocabulary: tokens must be unique, got ", twice);
  trie_ = TokenTrie(tokens_, order);
}

Vocabulary::Vocabulary(std::vector<std::string> tokens, std::span<const std::int32_t> order) : tokens_(std::move(tokens)), trie_(tokens_, order) {}

Vocabulary Vocabulary::load(const std::filesystem::path& file) {
  std::error_code error;
  check_file(std::filesystem::is_regular_file(file, error), "Vocabulary: the file must exist, got ", file.string());
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  check_file(!error && size <= kMaxFileSize, "Vocabulary: the file must be at most 64 MiB, got ", file.string(), " with ", size, " bytes");
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  check_file(in.good(), "Vocabulary: cannot read ", file.string());
  const std::size_t invalid = unicode::find_invalid(text);
  if (invalid != std::string::npos) {
    const std::size_t line = split_lines(std::string_view(text).substr(0, invalid)).size();
    const bool starts_line = invalid == 0 || text[invalid - 1] == '\n' || text[invalid - 1] == '\r';
    check_file(false, "Vocabulary: the file must be UTF-8, got other bytes in ", file.string(), " line ", line + (starts_line ? 1 : 0));
  }
  std::vector<std::string> tokens = split_lines(text);
  const std::vector<std::int32_t> order = sorted_order(tokens);
  const std::string twice = duplicates(tokens, order, 1);
  check_file(twice.empty(), "Vocabulary: tokens must be unique, got on lines of ", file.string(), ": ", twice);
  return Vocabulary(std::move(tokens), order);
}

void Vocabulary::save(const std::filesystem::path& file) const {
  std::string text;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string& token = tokens_[i];
    check(token.find_first_of("\r\n") == std::string::npos && unicode::strip_right(token) == token,
          "Vocabulary: a token to save must hold no line break and not end in whitespace, got token ", i);
    text += token;
    text += '\n';
  }
  std::ofstream out(file, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  check_file(!out.fail(), "Vocabulary: cannot write ", file.string());
}

const std::string& Vocabulary::id_to_token(std::int64_t id) const {
  check(id >= 0 && id < size(), "Vocabulary: id must be in [0, ", size(), "), got ", id);
  return tokens_[static_cast<std::size_t>(id)];
}

std::int32_t Vocabulary::token_to_id(std::string_view token) const {
  const std::int32_t id = find(token);
  check(id != TokenTrie::kNone, "Vocabulary: the token must be in the vocabulary, got \"", token, '"');
  return id;
}

std::int32_t Vocabulary::find(std::string_view token) const {
  const std::int32_t state = trie_.walk(token);
  return state == TokenTrie::kNone ? TokenTrie::kNone : trie_.token(state);
}

}  // namespace linnet
