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
  bool load_weights = true;  ///< false: initial values
  DTypePolicy dtype = {};    ///< of the model; what the preset was saved in does not matter, as in KerasHub
  /// Weights stay in their files, mapped into memory as they are used: see LoadOptions::map. For models that answer soon and go soon;
  /// what is float32 and lies there as in memory (in checkpoints of Hugging Face, embeddings and vectors); the rest is read.
  bool map_weights = false;
  std::optional<double> dropout = {};  ///< in place of the preset's
  /// In place of the preset's: `gelu` for a checkpoint that was trained with the exact form.
  std::optional<std::string> activation = {};
};

/// How save_to_preset writes one.
struct PresetSaveOptions {
  /// Weights of more bytes go to several files of at most so many. KerasHub's default.
  std::int64_t max_shard_bytes = std::int64_t{10} << 30;
};

/// How much of a preset is needed.
enum class PresetPart {
  texts,  ///< configs and vocabulary
  all,    ///< weights too
};
/// The directory of a preset (from_preset takes .keras files, too). `preset` is a name of presets(), a handle
/// `kaggle://ORG/MODEL/keras/VARIATION[/VERSION]` or `hf://ORG/REPO[\@REVISION]`, or a local directory: one that KerasHub's or Linnet's
/// save_to_preset wrote, or a BERT checkpoint of Hugging Face (config.json, model.safetensors, vocab.txt, tokenizer_config.json). What a hub has is
/// fetched into the caches that KerasHub uses, with a progress bar on a terminal, and read from there the next time; see hub::Settings for the
/// environment's variables. Throws std::invalid_argument for a malformed handle, std::runtime_error that says what is accepted for what is none of
/// these, and when a fetch fails.
std::filesystem::path resolve_preset(std::string_view preset, PresetPart part = PresetPart::all);

/// What a user of the preset may want to know: settings that KerasHub, and so Linnet, treat otherwise than the preset's
/// maker. One sentence each; mostly none. Throws as resolve_preset does.
std::vector<std::string> preset_notes(std::string_view preset);

}  // namespace linnet
