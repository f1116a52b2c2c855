#pragma once

#include <memory>
#include <optional>

#include "framework/layers/masked_lm_head.h"
#include "models/bert/bert_backbone.h"
#include "models/bert/bert_masked_lm_preprocessor.h"

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

  /// What from_preset does otherwise than the preset says.
  struct Options {
    std::optional<std::int64_t> sequence_length = {};  ///< of the preprocessor; no more than the backbone takes
    PresetOptions preset = {};
  };
  /// From a masked language model's preset, with its head and preprocessor; from any other BERT preset or checkpoint, with a new
  /// head. Throws as BertBackbone::from_preset does.
  static std::unique_ptr<BertMaskedLM> from_preset(std::string_view preset);
  static std::unique_ptr<BertMaskedLM> from_preset(std::string_view preset, const Options& options);
  /// Writes the files of KerasHub's save_to_preset; each file appears as a whole.
  void save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options = {}) const;

  /// Logits (batch, masked, vocabulary_size) of a padded batch, Keras' semantics; mask_positions: int32 (batch, masked), unused
  /// ones 0. Throws std::invalid_argument as the backbone and the head do.
  Tensor forward(const BertInputs& inputs, const Tensor& mask_positions) const;
  /// The same without padding: the way of training. mask_rows: int32 (masked), rows of the packed tokens; result: (masked,
  /// vocabulary_size). Throws std::invalid_argument also unless mask_rows lie in [0, tokens).
  Tensor forward(const PackedTokens& tokens, const Tensor& mask_rows) const;

  const BertBackbone& backbone() const { return backbone_; }
  /// To freeze it, as a whole or by layers, adapt or quantize it: backbone().set_trainable(false).
  BertBackbone& backbone() { return backbone_; }
  const MaskedLMHead& masked_lm_head() const { return masked_lm_head_; }

  /// How texts become inputs. Throws std::invalid_argument if the model has none.
  const BertMaskedLMPreprocessor& preprocessor() const;
  bool has_preprocessor() const { return preprocessor_ != nullptr; }
  void set_preprocessor(std::shared_ptr<const BertMaskedLMPreprocessor> preprocessor) { preprocessor_ = std::move(preprocessor); }

 private:
  Config config_;
  BertBackbone& backbone_;
  MaskedLMHead& masked_lm_head_;
  std::shared_ptr<const BertMaskedLMPreprocessor> preprocessor_;
};

}  // namespace linnet
