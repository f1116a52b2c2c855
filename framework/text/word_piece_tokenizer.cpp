#include "framework/text/word_piece_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/core/error.h"
#include "framework/text/unicode.h"

namespace linnet {

namespace {

constexpr std::size_t kMaxWordBytes = 100;
constexpr std::int64_t kLongestSequence = 1 << 24;
// NFKC makes at most one code point of four (a Greek vowel with three marks), and folding applies it twice: above this many,
// default ignorable ones aside, the folded word is above kMaxWordBytes for certain.
constexpr std::size_t kMaxFoldedCodePoints = 16 * kMaxWordBytes;

enum class Kind : std::uint8_t { word, dropped, kept };

constexpr std::array<Kind, 128> ascii_kinds() {
  std::array<Kind, 128> kinds{};
  for (std::size_t c = 0; c < kinds.size(); ++c) {
    const bool control = c < 0x20 || c == 0x7F;
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    kinds[c] = control || c == ' ' ? Kind::dropped : alphanumeric ? Kind::word : Kind::kept;
  }
  return kinds;
}
constexpr std::array<Kind, 128> kAsciiKinds = ascii_kinds();

constexpr std::array<unsigned char, 256> byte_map(bool lowercase) {
  std::array<unsigned char, 256> map{};
  for (std::size_t c = 0; c < map.size(); ++c) map[c] = static_cast<unsigned char>(lowercase && c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return map;
}
constexpr std::array<unsigned char, 256> kSame = byte_map(false), kLower = byte_map(true);

/// The blocks of google-research/bert's tokenization.py: ideographs, neither kana nor Hangul.
bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

Kind kind_of(char32_t c, bool split_on_cjk) {
  if (is_cjk(c)) return split_on_cjk ? Kind::kept : Kind::word;
  if (unicode::is_control(c)) return Kind::dropped;
  return unicode::is_punctuation(c) ? Kind::kept : Kind::word;
}

bool is_too_long_folded(std::string_view word) {
  if (word.size() <= kMaxFoldedCodePoints) return false;
  std::size_t count = 0;
  for (std::size_t offset = 0; offset < word.size() && count <= kMaxFoldedCodePoints;) {
    if (!unicode::is_default_ignorable(unicode::decode(word, offset))) ++count;
  }
  return count > kMaxFoldedCodePoints;
}

}  // namespace

void WordPieceTokenizer::Config::fields(FieldVisitor& field) {
  field("sequence_length", sequence_length, "ids per text; none: as many as there are");
  field("lowercase", lowercase);
  field("strip_accents", strip_accents);
  field("split", split);
  field("split_on_cjk", split_on_cjk);
  field("suffix_indicator", suffix_indicator);
  field("oov_token", oov_token);
  field("special_tokens", special_tokens);
  field("special_tokens_in_strings", special_tokens_in_strings);
}

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary, const Config& config)
    : WordPieceTokenizer(std::move(vocabulary), config, "WordPieceTokenizer", {}) {}

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary, const Config& config, std::string_view class_name,
                                       std::vector<std::string> class_special_tokens)
    : vocabulary_(std::move(vocabulary)), config_(config), class_special_tokens_(std::move(class_special_tokens)) {
  oov_id_ = vocabulary_.find(config_.oov_token);
  check(oov_id_ != TokenTrie::kNone, class_name, ": oov_token must be in the vocabulary, got \"", config_.oov_token, '"');
  for (const std::string& token : class_special_tokens_) {
    check(vocabulary_.find(token) != TokenTrie::kNone, class_name, ": the vocabulary must hold the special token \"", token, "\", got ",
          vocabulary_.size(), " tokens without it");
  }
  check(!config_.sequence_length || (*config_.sequence_length >= 1 && *config_.sequence_length <= kLongestSequence), class_name,
        ": sequence_length must be 1 to ", kLongestSequence, ", got ", config_.sequence_length.value_or(0));
  kept_tokens_ = class_special_tokens_;
  kept_tokens_.insert(kept_tokens_.end(), config_.special_tokens.begin(), config_.special_tokens.end());
  for (const std::string& token : kept_tokens_) {
    check(!token.empty() && unicode::find_invalid(token) == std::string_view::npos, class_name,
          ": special_tokens must be UTF-8 and not empty, got \"", token, '"');
  }
  if (!config_.split || !config_.special_tokens_in_strings) kept_tokens_.clear();
  for (const std::string& token : kept_tokens_) starts_kept_token_[static_cast<unsigned char>(token[0])] = true;
  suffix_state_ = vocabulary_.trie().walk(config_.suffix_indicator);
}

std::vector<std::int32_t> WordPieceTokenizer::tokenize(std::string_view text) const {
  unicode::check_valid(text, "WordPieceTokenizer");
  std::vector<std::int32_t> ids;
  ids.reserve(text.size() / 4 + 1);
  const bool strip = config_.strip_accents && !unicode::is_ascii(text);
  const std::string stripped = strip ? unicode::strip_accents(text) : std::string();
  if (strip) text = stripped;
  if (config_.split) {
    append_split(text, ids);
  } else {
    append_word(text, unicode::is_ascii(text), ids);
  }
  fit_length(ids);
  return ids;
}

std::vector<std::int32_t> WordPieceTokenizer::tokenize_words(std::span<const std::string> words) const {
  std::vector<std::int32_t> ids;
  for (const std::string& word : words) {
    unicode::check_valid(word, "WordPieceTokenizer");
    const std::string stripped = config_.strip_accents ? unicode::strip_accents(word) : word;
    append_word(stripped, unicode::is_ascii(stripped), ids);
  }
  fit_length(ids);
  return ids;
}

void WordPieceTokenizer::append_split(std::string_view text, std::vector<std::int32_t>& ids) const {
  std::size_t begin = 0, offset = 0;  // of the word that is being gathered
  bool is_ascii = true;
  const auto finish_word = [&] {
    if (offset > begin) append_word(text.substr(begin, offset - begin), is_ascii, ids);
  };
  const auto skip = [&](std::size_t length) {
    offset += length;
    begin = offset;
    is_ascii = true;
  };
  while (offset < text.size()) {
    const auto byte = static_cast<unsigned char>(text[offset]);
    if (starts_kept_token_[byte]) {
      if (const std::size_t length = special_token_at(text.substr(offset)); length > 0) {
        finish_word();
        append_pieces(text.substr(offset, length), kSame.data(), ids);
        skip(length);
        continue;
      }
    }
    std::size_t next = offset + 1;
    const Kind kind = byte < 0x80 ? kAsciiKinds[byte] : kind_of(unicode::decode(text, next = offset), config_.split_on_cjk);
    if (kind == Kind::word) {
      is_ascii = is_ascii && byte < 0x80;
      offset = next;
      continue;
    }
    finish_word();
    if (kind == Kind::kept) append_word(text.substr(offset, next - offset), byte < 0x80, ids);
    skip(next - offset);
  }
  finish_word();
}

void WordPieceTokenizer::append_word(std::string_view word, bool is_ascii, std::vector<std::int32_t>& ids) const {
  if (!config_.lowercase || is_special_token(word)) return append_pieces(word, kSame.data(), ids);
  if (is_ascii) return append_pieces(word, kLower.data(), ids);
  if (is_too_long_folded(word)) return ids.push_back(oov_id_);  // spares the folding, which is not linear
  append_pieces(unicode::nfkc_casefold(word), kSame.data(), ids);
}

void WordPieceTokenizer::append_pieces(std::string_view word, const unsigned char* byte_map, std::vector<std::int32_t>& ids) const {
  const std::size_t before = ids.size();
  std::int32_t state = vocabulary_.trie().root();
  if (word.size() > kMaxWordBytes) return ids.push_back(oov_id_);
  while (!word.empty()) {
    // Tokens and word are UTF-8, so the longest match in bytes ends where a code point ends.
    const TokenTrie::Match match = state == TokenTrie::kNone ? TokenTrie::Match{} : vocabulary_.trie().longest_match(state, word, byte_map);
    if (match.length == 0) {
      ids.resize(before);
      return ids.push_back(oov_id_);
    }
    ids.push_back(match.token);
    word.remove_prefix(match.length);
    state = suffix_state_;
  }
}

std::size_t WordPieceTokenizer::special_token_at(std::string_view text) const {
  for (const std::string& token : kept_tokens_) {
    if (text.substr(0, token.size()) == token) return token.size();
  }
  return 0;
}

bool WordPieceTokenizer::is_special_token(std::string_view word) const {
  return std::find(kept_tokens_.begin(), kept_tokens_.end(), word) != kept_tokens_.end();
}

void WordPieceTokenizer::fit_length(std::vector<std::int32_t>& ids) const {
  if (config_.sequence_length) ids.resize(static_cast<std::size_t>(*config_.sequence_length), 0);
}

std::string WordPieceTokenizer::detokenize(std::span<const std::int32_t> token_ids) const {
  const std::string& suffix = config_.suffix_indicator;
  std::string text;
  for (std::size_t i = 0; i < token_ids.size(); ++i) {
    const std::string& token = vocabulary_.id_to_token(token_ids[i]);
    if (i > 0 && token.size() > suffix.size() && token.compare(0, suffix.size(), suffix) == 0) {
      text.append(token, suffix.size());
    } else {
      if (i > 0) text += ' ';
      text += token;
    }
  }
  return text;
}

std::vector<std::int32_t> WordPieceTokenizer::special_token_ids() const {
  std::vector<std::int32_t> ids;
  for (const std::string& token : class_special_tokens_) ids.push_back(vocabulary_.token_to_id(token));
  return ids;
}

void WordPieceTokenizer::save_assets(const std::filesystem::path& directory) const { vocabulary_.save(directory / "vocabulary.txt"); }

}  // namespace linnet
