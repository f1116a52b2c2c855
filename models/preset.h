#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/dtype.h"

namespace linnet {

/// How from_preset makes a backbone.
struct PresetOptions {
  bool load_weights = true;            ///< false: initial values
  DTypePolicy dtype = {};              ///< of the model; what the preset was saved in does not matter, as in KerasHub
  std::optional<double> dropout = {};  ///< in place of the preset's
};

/// How save_to_preset writes one.
struct PresetSaveOptions {
  /// Weights of more bytes go to several files of at most so many. KerasHub's default.
  std::int64_t max_shard_bytes = std::int64_t{10} << 30;
};

/// The directory of a preset: one that KerasHub's or Linnet's save_to_preset wrote, or a BERT checkpoint of Hugging Face
/// (config.json, model.safetensors, vocab.txt, tokenizer_config.json). Throws std::runtime_error that says what is accepted
/// for anything else.
std::filesystem::path resolve_preset(std::string_view preset);

/// What a user of the preset may want to know: settings that KerasHub, and so Linnet, treat otherwise than the preset's
/// maker. One sentence each; mostly none. Throws as resolve_preset does.
std::vector<std::string> preset_notes(std::string_view preset);

}  // namespace linnet
