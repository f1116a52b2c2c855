#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/fields.h"
#include "framework/core/random.h"
#include "framework/data/packed_tokens.h"
#include "framework/text/masked_lm_mask_generator.h"
#include "models/bert/bert_text_classifier_preprocessor.h"

namespace linnet {

/// A sequence for masked language modelling, without padding.
struct MaskedText {
  std::vector<std::int32_t> token_ids, segment_ids;    ///< (length); token_ids after masking
  std::vector<std::int32_t> mask_positions, mask_ids;  ///< (selected); every weight is 1
};

/// A batch in Keras' form: x = {token_ids after masking, segment_ids, padding_mask, mask_positions}, y = mask_ids and
/// sample_weight = mask_weights. Unused selections have position, id and weight 0.
struct PaddedMaskedTokens {
  PaddedTokens tokens;              ///< (batch, length) int32
  Tensor mask_positions, mask_ids;  ///< (batch, mask_selection_length) int32
  Tensor mask_weights;              ///< (batch, mask_selection_length) float32
};

/// Sequences without padding of which some tokens are hidden: what training takes.
struct PackedMaskedTokens {
  PackedTokens tokens;  ///< token_ids after masking
  Tensor mask_rows;     ///< (selected) int32: rows of `tokens`, ascending
  Tensor mask_ids;      ///< (selected) int32: what stood there
};

/// Packs as BertTextClassifierPreprocessor and hides tokens, never special ones ([UNK] counts as none), as
/// keras_hub.models.BertMaskedLMPreprocessor does in Python. Const and thread-safe.
class BertMaskedLMPreprocessor {
 public:
  struct Config {
    std::int64_t sequence_length = 512;
    std::string truncate = "round_robin";  ///< or "waterfall"
    double mask_selection_rate = 0.15;
    std::int64_t mask_selection_length = 96;
    double mask_token_rate = 0.8, random_token_rate = 0.1;
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument as the packer and the generator do.
  BertMaskedLMPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config);
  const Config& config() const { return config_; }
  const BertTokenizer& tokenizer() const { return packing_.tokenizer(); }

  /// The example is `row` of the global batch; the mask depends on text, stream and row alone.
  MaskedText preprocess(std::span<const std::string_view> segments, const RandomStream& stream, std::int64_t row) const;
  /// Hides tokens of sequences that are packed already, as a DataLoader over packing() gives them; sequence i is row rows[i] of
  /// all examples, so that its mask does not depend on its batch. Throws std::invalid_argument unless there is a row a sequence.
  PackedMaskedTokens mask(const PackedTokens& tokens, std::span<const std::int64_t> rows, const RandomStream& stream) const;
  /// Texts to sequences, before masking.
  const BertTextClassifierPreprocessor& packing() const { return packing_; }
  /// Example i is row first_row + i.
  PaddedMaskedTokens preprocess_batch(std::span<const std::vector<std::string>> examples, const RandomStream& stream, std::int64_t first_row) const;

 private:
  Config config_;
  BertTextClassifierPreprocessor packing_;
  MaskedLMMaskGenerator masker_;
};

}  // namespace linnet
