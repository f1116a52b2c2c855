#pragma once

#include "framework/layers/masked_lm_head.h"
#include "models/bert/bert_backbone.h"

namespace linnet {

/// A BERT encoder that says which tokens stood at masked places; its head shares the token embedding.
/// As keras_hub.models.BertMaskedLM.
class BertMaskedLM : public Model {
 public:
  struct Config {
    BertBackbone::Config backbone = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless the backbone's config is valid.
  explicit BertMaskedLM(const Config& config);
  const Config& config() const { return config_; }

  /// Logits (batch, masked, vocabulary_size) of a padded batch, Keras' semantics; mask_positions: int32 (batch, masked), unused
  /// ones 0. Throws std::invalid_argument as the backbone and the head do.
  Tensor forward(const BertInputs& inputs, const Tensor& mask_positions) const;
  /// The same without padding: the way of training. mask_rows: int32 (masked), rows of the packed tokens; result: (masked,
  /// vocabulary_size). Throws std::invalid_argument also unless mask_rows lie in [0, tokens).
  Tensor forward(const PackedTokens& tokens, const Tensor& mask_rows) const;

  const BertBackbone& backbone() const { return backbone_; }
  /// To freeze it, as a whole or by layers: backbone().set_trainable(false).
  BertBackbone& backbone() { return backbone_; }
  const MaskedLMHead& masked_lm_head() const { return masked_lm_head_; }

 private:
  Config config_;
  BertBackbone& backbone_;
  MaskedLMHead& masked_lm_head_;
};

}  // namespace linnet
