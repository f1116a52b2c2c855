#include "models/preset.h"

#include "framework/core/error.h"
#include "models/hf_checkpoint.h"
#include "models/preset_files.h"

namespace linnet {

std::filesystem::path resolve_preset(std::string_view preset) {
  constexpr std::string_view kAccepted = "a local directory that save_to_preset of KerasHub or Linnet wrote, or a Hugging Face BERT checkpoint";
  const std::filesystem::path directory(preset);
  check_file(preset.find("://") == std::string_view::npos, "resolve_preset: must be ", kAccepted, ", got the handle '", preset,
             "' (fetch it and pass its directory)");
  std::error_code error;
  check_file(std::filesystem::is_directory(directory, error), "resolve_preset: must be ", kAccepted, ", got '", preset, "', which is no directory");
  check_file(preset::has_file(directory, "config.json"), "resolve_preset: must be ", kAccepted, ", got '", preset, "', which has no config.json");
  return directory;
}

std::vector<std::string> preset_notes(std::string_view preset) {
  const std::filesystem::path directory = resolve_preset(preset);
  const JsonValue config = preset::read_json_file(directory, "config.json");
  if (preset::form_of(config) == preset::Form::keras_hub) return {};
  return hugging_face::notes(config);
}

}  // namespace linnet
