#include "models/backbone.h"

#include "framework/core/error.h"
#include "models/bert/bert_backbone.h"
#include "models/keras_config.h"
#include "models/preset_directory.h"
#include "models/preset_files.h"

namespace linnet {

std::unique_ptr<Backbone> Backbone::from_preset(std::string_view preset, const PresetOptions& options) {
  const JsonValue config = preset::read_json_file(preset::PresetDirectory(preset, PresetPart::texts).path(), "config.json");
  if (preset::form_of(config) == preset::Form::keras_hub) {
    const std::string name = keras::hub_class_of(config);
    check_file(name == "BertBackbone", config.where(), ": registered_name must name BertBackbone, got ", name);
  }
  return BertBackbone::from_preset(preset, options);  // it checks the model_type of Hugging Face's
}

}  // namespace linnet
