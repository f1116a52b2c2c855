#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/fields.h"
#include "framework/data/preprocessor.h"
#include "framework/text/multi_segment_packer.h"
#include "models/bert/bert_tokenizer.h"

namespace linnet {

/// [CLS] first segment [SEP] second segment [SEP] …, as keras_hub.models.BertTextClassifierPreprocessor.
class BertTextClassifierPreprocessor : public Preprocessor {
 public:
  struct Config {
    std::int64_t sequence_length = 512;
    std::string truncate = "round_robin";  ///< or "waterfall"
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument without a tokenizer, and as MultiSegmentPacker does.
  BertTextClassifierPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config);
  /// A preset's, or one with its tokenizer and default settings if it has none of this class; `sequence_length` in place of the
  /// preset's, and no longer than the backbone takes. Throws as BertTokenizer::from_preset.
  static std::shared_ptr<const BertTextClassifierPreprocessor> from_preset(std::string_view preset, std::optional<std::int64_t> sequence_length = {});
  const Config& config() const { return config_; }
  const BertTokenizer& tokenizer() const { return *tokenizer_; }
  const MultiSegmentPacker& packer() const { return packer_; }

  TokenizedText preprocess(std::span<const std::string_view> segments) const override;
  /// A single sentence.
  TokenizedText preprocess(std::string_view text) const { return preprocess(std::span(&text, 1)); }
  PaddedTokens preprocess_batch(std::span<const std::vector<std::string>> examples) const override;
  /// Sequences that are tokenized already, filled up to sequence_length and stacked.
  PaddedTokens stack(std::span<const TokenizedText> texts) const;

 private:
  Config config_;
  std::shared_ptr<const BertTokenizer> tokenizer_;
  MultiSegmentPacker packer_;
};

}  // namespace linnet
