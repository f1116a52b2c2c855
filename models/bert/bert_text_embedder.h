#pragma once

#include "models/bert/bert_backbone.h"

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

  /// (batch, hidden_dim) of a padded batch, Keras' semantics.
  Tensor forward(const BertInputs& inputs) const;
  /// The same without padding.
  Tensor forward(const PackedTokens& tokens) const;
  /// Dot products (queries, documents) of embeddings (queries, hidden_dim) and (documents, hidden_dim): cosines of normalized
  /// ones. Throws std::invalid_argument on other shapes.
  static Tensor similarity(const Tensor& queries, const Tensor& documents);

  const BertBackbone& backbone() const { return backbone_; }
  /// To freeze it, as a whole or by layers: backbone().set_trainable(false).
  BertBackbone& backbone() { return backbone_; }

 private:
  Tensor pool(const Tensor& sequence_output, const SequenceLayout& layout) const;

  Config config_;
  BertBackbone& backbone_;
};

}  // namespace linnet
