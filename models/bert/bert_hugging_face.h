#pragma once

#include <filesystem>

#include "framework/config/json_value.h"
#include "models/bert/bert_backbone.h"

/// BERT checkpoints of Hugging Face, read as KerasHub reads them. Internal to this folder.
namespace linnet::hugging_face {

/// Throws std::runtime_error naming file and key for another model_type, and for what a BertBackbone cannot compute: another
/// activation than GELU, relative positions, a decoder.
BertBackbone::Config read_bert_config(const JsonValue& config);
/// The pooler must be there. Throws std::runtime_error with all tensors that are missing or have another shape.
void load_bert(const std::filesystem::path& directory, BertBackbone& backbone, const PresetOptions& options);
/// The backbone's tensors of that dtype as transformers names them, behind `prefix`.
std::vector<Parameter> bert_tensors(const BertBackbone& backbone, const std::string& prefix, DType dtype);
/// PREFIX.weight (units, input_dim) and PREFIX.bias.
std::vector<Parameter> dense_tensors(const Dense& dense, const std::string& prefix, DType dtype);

}  // namespace linnet::hugging_face
