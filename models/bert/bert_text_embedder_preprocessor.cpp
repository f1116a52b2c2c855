#include "models/bert/bert_text_embedder_preprocessor.h"

#include <utility>

namespace linnet {

void BertTextEmbedderPreprocessor::Config::fields(FieldVisitor& field) {
  field("sequence_length", sequence_length, "tokens per example at most, special tokens included");
  field("truncate", truncate, "round_robin or waterfall");
}

BertTextEmbedderPreprocessor::BertTextEmbedderPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config)
    : BertTextClassifierPreprocessor(std::move(tokenizer), {config.sequence_length, config.truncate}), config_(config) {}

}  // namespace linnet
