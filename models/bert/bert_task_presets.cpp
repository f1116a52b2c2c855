#include "models/bert/bert_task_presets.h"

#include <algorithm>

#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/layers/int8_layers.h"
#include "framework/layers/names.h"

namespace linnet::bert {
namespace {

constexpr const char* kTaskWeights = "task.weights.h5";

/// task.weights.h5 leaves out the backbone and the inputs that it shares with the task.
ChildFilter outside_of_head(const BertBackbone& backbone) {
  return [&backbone](const Layer::Child& child) {
    const auto is_input_too = [&](const Layer::Child& other) { return other.name == child.name && other.layer->class_name() == "InputLayer"; };
    return child.layer.get() == &backbone || (child.layer->class_name() == "InputLayer" && std::ranges::any_of(backbone.children(), is_input_too));
  };
}

}  // namespace

std::optional<JsonValue> read_task(const std::filesystem::path& directory, std::string_view class_name) {
  if (!preset::has_file(directory, "task.json")) return {};
  const JsonValue object = preset::read_json_file(directory, "task.json");
  if (keras::hub_class_of(object) != class_name) return {};
  return object.at("config");
}

void load_head(const std::filesystem::path& directory, Layer& task, const BertBackbone& backbone) {
  const bool whole = preset::has_file(directory, preset::kWholeWeights);
  load_weights(task, directory / (whole ? preset::kWholeWeights : kTaskWeights), {.skip = outside_of_head(backbone)});
}

std::string read_preprocessor_config(const std::filesystem::path& directory, std::string_view class_name, const BertBackbone::Config& backbone,
                                     std::optional<std::int64_t> given, std::int64_t& sequence_length, const FieldList& fields) {
  sequence_length = std::min(sequence_length, backbone.max_sequence_length);
  std::string source = directory.string();
  if (preset::has_file(directory, "preprocessor.json")) {
    const JsonValue object = preset::read_json_file(directory, "preprocessor.json");
    source = (directory / "preprocessor.json").string();
    if (keras::hub_class_of(object) == class_name) keras::read_fields(object.at("config"), {"tokenizer", "config_file"}, fields);
  } else if (preset::has_file(directory, "sentence_bert_config.json")) {
    const JsonValue json = preset::read_json_file(directory, "sentence_bert_config.json");
    if (const JsonValue* longest = json.find("max_seq_length"); longest && !longest->is_null()) sequence_length = longest->integer();
  }
  sequence_length = std::min(given.value_or(sequence_length), backbone.max_sequence_length);
  return source;
}

JsonValue preprocessor_object(const std::string& module, const std::string& class_name, const BertTokenizer& tokenizer, const JsonValue& config) {
  JsonValue json = keras::layer_config(snake_case(class_name), "float32");
  json.set("tokenizer", to_keras(tokenizer));
  json.set("config_file", "preprocessor.json");
  for (const auto& [name, value] : config.members()) json.set(name, value);
  return keras::hub_object(module, class_name, json);
}

void save_task(const std::filesystem::path& directory, const TaskToSave& save, const PresetSaveOptions& options) {
  const std::string class_name = save.task.class_name(), name = snake_case(class_name);
  check(int8_layers(save.task).size() == int8_layers(save.backbone).size(), class_name,
        ": the head must be float to be saved in a preset, got int8 (task.json has no place for it, in KerasHub neither; quantize backbone() alone)");
  JsonValue config = JsonValue::object({{"backbone", to_keras(save.backbone)}, {"preprocessor", save.preprocessor}, {"name", name}});
  for (const auto& [key, value] : save.config.members()) config.set(key, value);
  preset::make_directory(directory);
  write_text(directory / "task.json", keras::hub_object("bert." + name, class_name, config).dump());
  if (!save.has_head) std::filesystem::remove(directory / kTaskWeights);  // of another task that was saved there
  else {
    // KerasHub saves the optimizer of a compiled task too: that of one never trained, which is what it makes on loading.
    std::vector<SaveOptions::Group> more{{"optimizer", "adam", {Tensor::zeros({}, DType::int32), Tensor::full({}, 5e-5)}}};
    if (save.tokenizer) {
      more.push_back({"preprocessor", snake_case(keras::hub_class_of(save.preprocessor))});
      more.push_back({"preprocessor/tokenizer", "bert_tokenizer"});
    }
    save_weights(save.task, directory / kTaskWeights, {.skip = outside_of_head(save.backbone), .more = more});
  }
  save_backbone(directory, save.backbone, options);
  if (!save.tokenizer) return;
  write_text(directory / "preprocessor.json", save.preprocessor.dump());
  save_tokenizer(directory, *save.tokenizer);
}

}  // namespace linnet::bert
