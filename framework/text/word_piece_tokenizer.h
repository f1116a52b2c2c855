#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/fields.h"
#include "framework/text/tokenizer.h"
#include "framework/text/vocabulary.h"

namespace linnet {

/// WordPiece as keras_hub.tokenizers.WordPieceTokenizer computes it in Python. In this order: accents are stripped, the text
/// is split into words, each word is case-folded, and each is cut greedily into the longest tokens, those after the first
/// looked up behind the suffix indicator. A word above 100 bytes, or that cannot be cut, is one oov_token.
/// Whitespace that splits is `[ \t\n\r\f]` and categories Cc and Cf; punctuation (ASCII's and categories P) and, if asked, each
/// CJK ideograph are words of their own; U+00A0 and other Unicode spaces do not split. Time is linear in the text.
class WordPieceTokenizer : public Tokenizer {
 public:
  struct Config {
    std::optional<std::int64_t> sequence_length = {};  ///< ids are cut or filled up to it, with id 0
    bool lowercase = false;                            ///< NFKC_Casefold of each word; accents stay
    bool strip_accents = false;                        ///< NFD without category Mn, before splitting
    bool split = true;                                 ///< false: a text is one word
    bool split_on_cjk = true;
    std::string suffix_indicator = "##";
    std::string oov_token = "[UNK]";
    std::vector<std::string> special_tokens = {};  ///< besides those of the class
    bool special_tokens_in_strings = false;        ///< special tokens in a text are kept whole and not folded; needs split
    void fields(FieldVisitor& field);
  };

  /// Throws std::invalid_argument if oov_token is not in the vocabulary, a special token is empty or not UTF-8, or
  /// sequence_length is not 1 to 2^24: each text would take that many ids.
  WordPieceTokenizer(Vocabulary vocabulary, const Config& config);
  const Config& config() const { return config_; }

  std::vector<std::int32_t> tokenize(std::string_view text) const override;
  /// The ids of words that are split already: each is stripped and folded as configured, and cut.
  std::vector<std::int32_t> tokenize_words(std::span<const std::string> words) const;
  /// Tokens joined by spaces, suffixes to the word before them. A suffix in front keeps its indicator.
  std::string detokenize(std::span<const std::int32_t> token_ids) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_.size(); }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  /// Both throw std::invalid_argument if there is none.
  const std::string& id_to_token(std::int64_t id) const { return vocabulary_.id_to_token(id); }
  std::int32_t token_to_id(std::string_view token) const { return vocabulary_.token_to_id(token); }
  /// The special tokens of the class itself; oov_token is none.
  const std::vector<std::string>& special_tokens() const { return class_special_tokens_; }
  std::vector<std::int32_t> special_token_ids() const;
  /// Writes vocabulary.txt into the directory.
  void save_assets(const std::filesystem::path& directory) const;

 protected:
  WordPieceTokenizer(Vocabulary vocabulary, const Config& config, std::string_view class_name, std::vector<std::string> class_special_tokens);

 private:
  void append_split(std::string_view text, std::vector<std::int32_t>& ids) const;
  void append_word(std::string_view word, bool is_ascii, std::vector<std::int32_t>& ids) const;
  void append_pieces(std::string_view word, const unsigned char* byte_map, std::vector<std::int32_t>& ids) const;
  std::size_t special_token_at(std::string_view text) const;
  bool is_special_token(std::string_view word) const;
  void fit_length(std::vector<std::int32_t>& ids) const;

  Vocabulary vocabulary_;
  Config config_;
  std::vector<std::string> class_special_tokens_;
  std::vector<std::string> kept_tokens_;  // looked for in texts, in this order
  bool starts_kept_token_[256] = {};
  std::int32_t oov_id_ = 0;
  std::int32_t suffix_state_ = TokenTrie::kNone;
};

}  // namespace linnet
