#include "models/bert/bert_text_embedder.h"

#include "framework/layers/registry.h"
#include "framework/ops/einsum.h"
#include "framework/ops/embedding.h"
#include "framework/ops/normalize.h"
#include "framework/ops/pooling.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {

const bool registered = register_layer<BertTextEmbedder>("BertTextEmbedder");

const BertTextEmbedder::Config& checked(const BertTextEmbedder::Config& config) {
  const std::string& mode = config.pooling_mode;
  check(mode == "mean" || mode == "cls" || mode == "max", "BertTextEmbedder: pooling_mode must be mean, cls or max, got '", mode, "'");
  return config;
}

}  // namespace

void BertTextEmbedder::Config::fields(FieldVisitor& field) {
  field("backbone", backbone);
  field("pooling_mode", pooling_mode);
  field("normalize", normalize);
}

BertTextEmbedder::BertTextEmbedder(const Config& config)
    : config_(checked(config)), backbone_(add<BertBackbone>("backbone", config.backbone, "bert_backbone")) {
  for (const char* input : {"padding_mask", "segment_ids", "token_ids"}) add<InputLayer>(input, {});  // Keras' order in a task
}

const BertTextEmbedderPreprocessor& BertTextEmbedder::preprocessor() const {
  check(preprocessor_ != nullptr, "BertTextEmbedder: the model must have a preprocessor, got none (see from_preset and set_preprocessor)");
  return *preprocessor_;
}

Tensor BertTextEmbedder::forward(const BertInputs& inputs) const {
  const Tensor output = backbone_.forward(inputs).sequence_output;
  const std::int64_t batch = output.dim(0), length = output.dim(1);
  return pool(ops::reshape(output, {batch * length, output.dim(2)}), SequenceLayout::padded(batch, length, inputs.padding_mask));
}

Tensor BertTextEmbedder::forward(const PackedTokens& tokens) const {
  return pool(backbone_.encode(backbone_.embed(tokens), tokens.layout), tokens.layout);
}

Tensor BertTextEmbedder::pool(const Tensor& sequence_output, const SequenceLayout& layout) const {
  const Tensor pooled = config_.pooling_mode == "mean"  ? ops::mean_pool(sequence_output, layout)
                        : config_.pooling_mode == "max" ? ops::max_pool(sequence_output, layout)
                                                        : ops::first_rows(sequence_output, layout);
  return config_.normalize ? ops::l2_normalize(pooled) : pooled;
}

Tensor BertTextEmbedder::similarity(const Tensor& queries, const Tensor& documents) { return ops::einsum("qh,dh->qd", queries, documents); }

}  // namespace linnet
