#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "framework/config/json_value.h"
#include "models/bert/bert_backbone.h"
#include "models/bert/bert_tokenizer.h"
#include "models/preset.h"

/// What BERT's models share in reading and writing presets. Internal to this folder.
namespace linnet::bert {

/// config.json as KerasHub writes it.
JsonValue to_keras(const BertBackbone& backbone);
JsonValue to_keras(const BertTokenizer& tokenizer);

/// The backbone's config from a preset of either form, checked against the size of its weights if those are to be loaded.
/// Throws std::runtime_error naming file and key.
BertBackbone::Config read_backbone_config(const std::filesystem::path& directory, const PresetOptions& options);
/// Weights of either form; layers that the preset has as int8 become so. Throws std::runtime_error with all that does not fit.
void load_backbone(const std::filesystem::path& directory, BertBackbone& backbone, const PresetOptions& options);
/// config.json, metadata.json and weights.
void save_backbone(const std::filesystem::path& directory, const BertBackbone& backbone, const PresetSaveOptions& options);

/// What load_tokenizer does otherwise than the preset says.
struct TokenizerOptions {
  std::optional<bool> strip_accents = {};
};
/// Of either form. Throws std::runtime_error naming the file.
std::shared_ptr<const BertTokenizer> load_tokenizer(const std::filesystem::path& directory, const TokenizerOptions& options = {});
/// tokenizer.json and assets/tokenizer/vocabulary.txt.
void save_tokenizer(const std::filesystem::path& directory, const BertTokenizer& tokenizer);

}  // namespace linnet::bert
