#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "framework/text/word_piece_tokenizer.h"

namespace linnet {

/// BERT's tokenizer, as keras_hub.models.BertTokenizer: WordPiece with the special tokens [CLS], [SEP], [PAD] and [MASK],
/// whose ids are looked up in the vocabulary. Accents stay unless strip_accents is set, in uncased models too.
class BertTokenizer : public WordPieceTokenizer {
 public:
  /// Throws std::invalid_argument if [UNK] (or another oov_token), [CLS], [SEP], [PAD] or [MASK] is not in the vocabulary.
  explicit BertTokenizer(Vocabulary vocabulary, const Config& config = Config());

  /// A preset's tokenizer; see resolve_preset for what names one. Throws as that, and std::runtime_error naming the file that is
  /// missing or wrong.
  static std::shared_ptr<const BertTokenizer> from_preset(std::string_view preset);
  /// Writes tokenizer.json and assets/tokenizer/vocabulary.txt as KerasHub does. Throws std::runtime_error if writing fails.
  void save_to_preset(const std::filesystem::path& directory) const;

  std::int32_t cls_token_id() const { return cls_token_id_; }
  std::int32_t sep_token_id() const { return sep_token_id_; }
  std::int32_t pad_token_id() const { return pad_token_id_; }
  std::int32_t mask_token_id() const { return mask_token_id_; }
  /// KerasHub's second names of [CLS] and [SEP].
  std::int32_t start_token_id() const { return cls_token_id_; }
  std::int32_t end_token_id() const { return sep_token_id_; }

 private:
  std::int32_t cls_token_id_, sep_token_id_, pad_token_id_, mask_token_id_;
};

}  // namespace linnet
