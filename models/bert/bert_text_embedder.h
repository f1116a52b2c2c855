#pragma once

#include <memory>
#include <optional>

#include "models/bert/bert_backbone.h"
#include "models/bert/bert_text_embedder_preprocessor.h"

namespace linnet {

/// A BERT encoder that turns a text into one vector: its tokens' outputs pooled, and brought to length 1. No weights of its
/// own. As keras_hub.models.BertTextEmbedder.
class BertTextEmbedder : public Model {
 public:
  struct Config {
    BertBackbone::Config backbone = {};
    std::string pooling_mode = "mean";  ///< of the outputs of real tokens; or "max", or "cls": the first token's output
    bool normalize = true;
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument on another pooling_mode, and unless the backbone's config is valid.
  explicit BertTextEmbedder(const Config& config);
  const Config& config() const { return config_; }

  /// What from_preset does otherwise than the preset says.
  struct Options {
    std::optional<std::string> pooling_mode = {};
    std::optional<bool> normalize = {};
    std::optional<bool> strip_accents = {};            ///< of the tokenizer: as in Hugging Face's for uncased models
    std::optional<std::int64_t> sequence_length = {};  ///< of the preprocessor; no more than the backbone takes
    PresetOptions preset = {};
  };
  /// From an embedder's preset, or any other BERT preset or checkpoint. Throws as BertBackbone::from_preset does.
  static std::unique_ptr<BertTextEmbedder> from_preset(std::string_view preset);
  static std::unique_ptr<BertTextEmbedder> from_preset(std::string_view preset, const Options& options);
  /// Writes the files of KerasHub's save_to_preset; each file appears as a whole.
  void save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options = {}) const;

  /// (batch, hidden_dim) of a padded batch, Keras' semantics.
  Tensor forward(const BertInputs& inputs) const;
  /// The same without padding.
  Tensor forward(const PackedTokens& tokens) const;
  /// Dot products (queries, documents) of embeddings (queries, hidden_dim) and (documents, hidden_dim): cosines of normalized
  /// ones. Throws std::invalid_argument on other shapes.
  static Tensor similarity(const Tensor& queries, const Tensor& documents);

  const BertBackbone& backbone() const { return backbone_; }
  /// To freeze it, as a whole or by layers, adapt or quantize it: backbone().set_trainable(false).
  BertBackbone& backbone() { return backbone_; }

  /// How texts become inputs. Throws std::invalid_argument if the model has none.
  const BertTextEmbedderPreprocessor& preprocessor() const;
  bool has_preprocessor() const { return preprocessor_ != nullptr; }
  void set_preprocessor(std::shared_ptr<const BertTextEmbedderPreprocessor> preprocessor) { preprocessor_ = std::move(preprocessor); }

 private:
  Tensor pool(const Tensor& sequence_output, const SequenceLayout& layout) const;

  Config config_;
  BertBackbone& backbone_;
  std::shared_ptr<const BertTextEmbedderPreprocessor> preprocessor_;
};

}  // namespace linnet
