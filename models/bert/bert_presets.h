#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "framework/config/json_value.h"
#include "models/bert/bert_backbone.h"
#include "models/bert/bert_text_classifier_preprocessor.h"
#include "models/preset.h"

/// What BERT's models share in reading and writing presets. Internal to this folder.
namespace linnet::bert {

/// config.json as KerasHub writes it.
JsonValue to_keras(const BertBackbone::Config& config);
JsonValue to_keras(const BertTokenizer& tokenizer);
JsonValue to_keras(const BertTextClassifierPreprocessor& preprocessor);

/// The backbone's config from a preset of either form, checked against the size of its weights if those are to be loaded.
/// Throws std::runtime_error naming file and key.
BertBackbone::Config read_backbone_config(const std::filesystem::path& directory, const PresetOptions& options);
/// Weights of either form. Throws std::runtime_error with all that does not fit.
void load_backbone(const std::filesystem::path& directory, BertBackbone& backbone);
/// config.json, metadata.json and weights.
void save_backbone(const std::filesystem::path& directory, const BertBackbone& backbone, const PresetSaveOptions& options);

/// Of either form. Throws std::runtime_error naming the file.
std::shared_ptr<const BertTokenizer> load_tokenizer(const std::filesystem::path& directory);
/// tokenizer.json and assets/tokenizer/vocabulary.txt.
void save_tokenizer(const std::filesystem::path& directory, const BertTokenizer& tokenizer);
/// The preset's preprocessor if it is a classifier's, else one with the preset's tokenizer and a default sequence_length.
std::shared_ptr<const BertTextClassifierPreprocessor> load_classifier_preprocessor(const std::filesystem::path& directory,
                                                                                   const BertBackbone::Config& backbone,
                                                                                   std::optional<std::int64_t> sequence_length);

}  // namespace linnet::bert
