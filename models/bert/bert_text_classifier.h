#pragma once

#include "models/bert/bert_backbone.h"

namespace linnet {

/// A BERT encoder with a classification or regression head: dropout and a dense layer over the pooled output.
/// As keras_hub.models.BertTextClassifier.
class BertTextClassifier : public Model {
 public:
  struct Config {
    BertBackbone::Config backbone = {};
    std::int64_t num_classes = 2;
    std::string activation = "linear";
    double dropout = 0.1;
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless num_classes is positive and the backbone's config is valid.
  explicit BertTextClassifier(const Config& config);
  const Config& config() const { return config_; }

  /// Logits (batch, num_classes) of a padded batch, Keras' semantics.
  Tensor forward(const BertInputs& inputs) const;
  /// The same without padding: the way of training and prediction.
  Tensor forward(const PackedTokens& tokens) const;

  const BertBackbone& backbone() const { return backbone_; }

 private:
  Tensor head(const Tensor& pooled_output, const SequenceLayout& layout) const;

  Config config_;
  BertBackbone& backbone_;
  Dropout& output_dropout_;
  Dense& output_dense_;
};

}  // namespace linnet
