#pragma once

#include <filesystem>
#include <string_view>

namespace linnet {

/// Writes a preset with the backbone quantized to int8. `preset`: what BertBackbone::from_preset takes, of a BertTextClassifier,
/// BertMaskedLM, BertTextEmbedder or a backbone alone. Heads stay float: KerasHub cannot load others. Throws std::runtime_error as
/// from_preset does and for another task, std::invalid_argument if the backbone is int8 already or `output` is the preset itself.
void quantize_bert_preset(std::string_view preset, const std::filesystem::path& output);

}  // namespace linnet
