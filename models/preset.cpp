#include "models/preset.h"

#include "framework/core/error.h"
#include "framework/hub/handle.h"
#include "framework/hub/terminal.h"
#include "models/hf_checkpoint.h"
#include "models/preset_fetch.h"
#include "models/preset_files.h"
#include "models/preset_info.h"

namespace linnet {

std::filesystem::path resolve_preset(std::string_view preset, PresetPart part) {
  const PresetInfo* known = find_preset(preset);
  if (const std::optional<hub::Handle> handle = hub::parse_handle(known ? known->handle : preset)) {
    hub::Settings settings = hub::Settings::from_environment();
    settings.progress = hub::progress_on_terminal();
    return preset::fetch(*handle, part, settings);
  }
  constexpr std::string_view kAccepted =
      "a name that `linnet presets` lists, a handle kaggle://ORG/MODEL/keras/VARIATION[/VERSION] or hf://ORG/REPO[@REVISION], or a directory "
      "that save_to_preset of KerasHub or Linnet wrote or that holds a Hugging Face BERT checkpoint";
  const std::filesystem::path directory(preset);
  std::error_code error;
  check_file(std::filesystem::is_directory(directory, error), "resolve_preset: must be ", kAccepted, ", got '", preset, "', which is no directory");
  check_file(preset::has_file(directory, "config.json"), "resolve_preset: must be ", kAccepted, ", got '", preset, "', which has no config.json");
  return directory;
}

std::vector<std::string> preset_notes(std::string_view preset) {
  const std::filesystem::path directory = resolve_preset(preset, PresetPart::texts);
  const JsonValue config = preset::read_json_file(directory, "config.json");
  if (preset::form_of(config) == preset::Form::hugging_face) return hugging_face::notes(config);
  const JsonValue* activation = config.at("config").find("activation");
  if (!activation) return {};
  return {cat(activation->where(), " is ", activation->brief(), ": KerasHub ignores it and computes gelu_approximate")};
}

}  // namespace linnet
