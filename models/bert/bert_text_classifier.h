#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/bert/bert_backbone.h"
#include "models/bert/bert_text_classifier_preprocessor.h"

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

  /// What from_preset does otherwise than the preset says.
  struct Options {
    std::optional<std::int64_t> num_classes = {};  ///< other than the preset's head has: a new head; none: the preset's
    std::optional<std::string> activation = {};
    std::optional<double> dropout = {};                ///< before the head
    std::optional<std::int64_t> sequence_length = {};  ///< of the preprocessor; no more than the backbone takes
    PresetOptions preset = {};
  };
  /// From a classifier's preset, with its head, label names and preprocessor; from any other BERT preset or checkpoint, with a
  /// new head, for which num_classes must be given. Throws as BertBackbone::from_preset does.
  static std::unique_ptr<BertTextClassifier> from_preset(std::string_view preset);
  static std::unique_ptr<BertTextClassifier> from_preset(std::string_view preset, const Options& options);
  /// Writes the files of KerasHub's save_to_preset, and the label names in labels.json; each file appears as a whole. Throws
  /// std::invalid_argument if the head is int8, for which they have no place.
  void save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options = {}) const;

  /// Logits (batch, num_classes) of a padded batch, Keras' semantics.
  Tensor forward(const BertInputs& inputs) const;
  /// The same without padding: the way of training and prediction.
  Tensor forward(const PackedTokens& tokens) const;

  const BertBackbone& backbone() const { return backbone_; }
  /// To freeze it, as a whole or by layers, adapt or quantize it: backbone().set_trainable(false).
  BertBackbone& backbone() { return backbone_; }
  const Dense& output_dense() const { return output_dense_; }

  /// How texts become inputs. Throws std::invalid_argument if the model has none.
  const BertTextClassifierPreprocessor& preprocessor() const;
  bool has_preprocessor() const { return preprocessor_ != nullptr; }
  void set_preprocessor(std::shared_ptr<const BertTextClassifierPreprocessor> preprocessor) { preprocessor_ = std::move(preprocessor); }
  /// What the classes are called, in order: "0", "1", … unless they were set. Saved with the model.
  const std::vector<std::string>& label_names() const { return label_names_; }
  /// Throws std::invalid_argument unless there is one name a class, each different.
  void set_label_names(std::vector<std::string> names);

 private:
  Tensor head(const Tensor& pooled_output, const SequenceLayout& layout) const;

  Config config_;
  BertBackbone& backbone_;
  Dropout& output_dropout_;
  Dense& output_dense_;
  std::shared_ptr<const BertTextClassifierPreprocessor> preprocessor_;
  std::vector<std::string> label_names_;
};

}  // namespace linnet
