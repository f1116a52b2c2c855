#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/text/token_trie.h"

namespace linnet {

/// The tokens of a tokenizer; a token's id is its index.
class Vocabulary {
 public:
  /// Throws std::invalid_argument if a token occurs twice or is not UTF-8.
  explicit Vocabulary(std::vector<std::string> tokens);
  /// Reads UTF-8 with one token a line, in KerasHub's form: lines end in `\n`, `\r\n` or `\r` (no other line break counts), each is
  /// stripped of all Unicode whitespace at its end, and empty lines are tokens. Throws std::runtime_error if the file cannot
  /// be read, is above 64 MiB, is not UTF-8 or holds a token twice, naming the lines.
  static Vocabulary load(const std::filesystem::path& file);
  /// Writes each token and `\n`. Throws std::invalid_argument if a token would not be read back as it is, and
  /// std::runtime_error if the file cannot be written.
  void save(const std::filesystem::path& file) const;

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  /// Throws std::invalid_argument unless 0 <= id < size().
  const std::string& id_to_token(std::int64_t id) const;
  /// Throws std::invalid_argument if there is no such token.
  std::int32_t token_to_id(std::string_view token) const;
  /// The id, or TokenTrie::kNone.
  std::int32_t find(std::string_view token) const;
  const TokenTrie& trie() const { return trie_; }

 private:
  Vocabulary(std::vector<std::string> tokens, std::span<const std::int32_t> order);

  std::vector<std::string> tokens_;
  TokenTrie trie_;
};

}  // namespace linnet
