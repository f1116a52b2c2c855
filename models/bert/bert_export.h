#pragma once

#include <cstdint>
#include <filesystem>

#include "models/bert/bert_text_classifier.h"

namespace linnet {

/// How export_to_hugging_face writes a checkpoint.
struct ExportOptions {
  DType dtype = DType::float32;                           ///< of the tensors: any float
  std::int64_t max_shard_bytes = std::int64_t{50} << 30;  ///< weights of more bytes go to several files; 0: never. transformers' default
};

/// Writes what transformers' AutoModel and AutoTokenizer load: config.json of a BertModel, model.safetensors or its shards, and
/// with a tokenizer (may be null) vocab.txt and tokenizer_config.json. hidden_act is gelu_pytorch_tanh, or gelu for that activation.
/// Throws std::invalid_argument for what transformers' BERT cannot be: another activation than the two, num_heads that do not
/// divide hidden_dim, tokenizers with other special tokens or suffix, int8 layers; std::runtime_error if writing fails.
void export_to_hugging_face(const BertBackbone& backbone, const BertTokenizer* tokenizer, const std::filesystem::path& directory,
                            const ExportOptions& options = {});
/// The same of a BertForSequenceClassification, with the label names as id2label. Throws std::invalid_argument too for another
/// activation than linear.
void export_to_hugging_face(const BertTextClassifier& classifier, const std::filesystem::path& directory, const ExportOptions& options = {});

}  // namespace linnet
