#include "models/bert/bert_text_classifier.h"

#include <set>

#include "framework/layers/registry.h"
#include "framework/ops/dropout.h"

namespace linnet {
namespace {

const bool registered = register_layer<BertTextClassifier>("BertTextClassifier");

const BertTextClassifier::Config& checked(const BertTextClassifier::Config& config) {
  check(config.num_classes > 0, "BertTextClassifier: num_classes must be positive, got ", config.num_classes);
  return config;
}

}  // namespace

void BertTextClassifier::Config::fields(FieldVisitor& field) {
  field("backbone", backbone);
  field("num_classes", num_classes);
  field("activation", activation);
  field("dropout", dropout);
}

BertTextClassifier::BertTextClassifier(const Config& config)
    : config_(checked(config)),
      backbone_(add<BertBackbone>("backbone", config.backbone, "bert_backbone")),
      output_dropout_(add<Dropout>("output_dropout", {config.dropout}, "classifier_dropout")),
      output_dense_(add<Dense>("output_dense",
                               {.input_dim = config.backbone.hidden_dim,
                                .units = config.num_classes,
                                .activation = config.activation,
                                .kernel_initializer = Initializer::truncated_normal(0.02),
                                .dtype = config.backbone.dtype},
                               "logits")) {
  for (const char* input : {"padding_mask", "segment_ids", "token_ids"}) add<InputLayer>(input, {});  // Keras' order in a task
  for (std::int64_t i = 0; i < config.num_classes; ++i) label_names_.push_back(std::to_string(i));
}

const BertTextClassifierPreprocessor& BertTextClassifier::preprocessor() const {
  check(preprocessor_ != nullptr, "BertTextClassifier: the model must have a preprocessor, got none (see from_preset and set_preprocessor)");
  return *preprocessor_;
}

void BertTextClassifier::set_label_names(std::vector<std::string> names) {
  check(static_cast<std::int64_t>(names.size()) == config_.num_classes, "BertTextClassifier: label_names must have ", config_.num_classes,
        " names, got ", names.size());
  check(std::set<std::string>(names.begin(), names.end()).size() == names.size(), "BertTextClassifier: label_names must differ, got one twice");
  label_names_ = std::move(names);
}

Tensor BertTextClassifier::forward(const BertInputs& inputs) const {
  const Tensor pooled = backbone_.forward(inputs).pooled_output;
  return head(pooled, SequenceLayout::padded(inputs.token_ids.dim(0), inputs.token_ids.dim(1), inputs.padding_mask));
}

Tensor BertTextClassifier::forward(const PackedTokens& tokens) const { return head(backbone_.pooled_output(tokens), tokens.layout); }

Tensor BertTextClassifier::head(const Tensor& pooled_output, const SequenceLayout& layout) const {
  const SequenceLayout rows = layout.first_rows();
  return output_dense_(ops::dropout(pooled_output, output_dropout_.config().rate, &rows));
}

}  // namespace linnet
