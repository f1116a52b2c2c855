#include "models/bert/bert_masked_lm.h"

#include "framework/layers/registry.h"
#include "framework/ops/embedding.h"

namespace linnet {
namespace {

const bool registered = register_layer<BertMaskedLM>("BertMaskedLM");

/// The head's epsilon is its own default, not the backbone's 1e-12, and its gelu the exact one: as in KerasHub.
MaskedLMHead::Config head_config(const BertBackbone::Config& backbone) {
  return {.vocabulary_size = backbone.vocabulary_size,
          .hidden_dim = backbone.hidden_dim,
          .intermediate_activation = "gelu",
          .kernel_initializer = Initializer::truncated_normal(0.02),
          .dtype = backbone.dtype};
}

}  // namespace

void BertMaskedLM::Config::fields(FieldVisitor& field) { field("backbone", backbone); }

BertMaskedLM::BertMaskedLM(const Config& config)
    : config_(config),
      backbone_(add<BertBackbone>("backbone", config.backbone, "bert_backbone")),
      masked_lm_head_(static_cast<MaskedLMHead&>(
          adopt("masked_lm_head", "mlm_head", std::make_unique<MaskedLMHead>(head_config(config.backbone), backbone_.token_embedding())))) {
  for (const char* input : {"padding_mask", "segment_ids", "token_ids", "mask_positions"}) add<InputLayer>(input, {});  // Keras' order
}

const BertMaskedLMPreprocessor& BertMaskedLM::preprocessor() const {
  check(preprocessor_ != nullptr, "BertMaskedLM: the model must have a preprocessor, got none (see from_preset and set_preprocessor)");
  return *preprocessor_;
}

Tensor BertMaskedLM::forward(const BertInputs& inputs, const Tensor& mask_positions) const {
  return masked_lm_head_.forward(backbone_.forward(inputs).sequence_output, mask_positions);
}

Tensor BertMaskedLM::forward(const PackedTokens& tokens, const Tensor& mask_rows) const {
  return masked_lm_head_.forward_rows(ops::embedding(backbone_.encode(backbone_.embed(tokens), tokens.layout), mask_rows));
}

}  // namespace linnet
