#include <set>

#include "framework/io/atomic_file.h"
#include "framework/io/weights.h"
#include "framework/layers/initializer.h"
#include "models/bert/bert_presets.h"
#include "models/bert/bert_text_classifier.h"
#include "models/keras_config.h"
#include "models/preset_files.h"

namespace linnet {
namespace {

constexpr const char* kTaskWeights = "task.weights.h5";
constexpr const char* kLabels = "labels.json";  // ours; KerasHub does not know it

/// task.weights.h5 leaves out the backbone and the inputs that it shares with the task.
ChildFilter outside_of_head(const BertTextClassifier& model) {
  return [&model](const Layer::Child& child) {
    return child.layer.get() == &model.backbone() || dynamic_cast<const InputLayer*>(child.layer.get()) != nullptr;
  };
}

JsonValue to_keras(const BertTextClassifier& model) {
  const JsonValue preprocessor = model.has_preprocessor() ? bert::to_keras(model.preprocessor()) : JsonValue();
  return keras::hub_object("bert.bert_text_classifier", "BertTextClassifier",
                           JsonValue::object({{"backbone", bert::to_keras(model.config().backbone)},
                                              {"preprocessor", preprocessor},
                                              {"name", "bert_text_classifier"},
                                              {"num_classes", model.config().num_classes},
                                              {"activation", model.config().activation},
                                              {"dropout", model.config().dropout}}));
}

/// The head of a preset that is a BertTextClassifier's.
struct SavedHead {
  std::int64_t num_classes = 2;
  std::string activation = "linear";
  double dropout = 0.1;
};
std::optional<SavedHead> read_head(const std::filesystem::path& directory) {
  if (!preset::has_file(directory, "task.json")) return {};
  const JsonValue object = preset::read_json_file(directory, "task.json");
  if (keras::hub_class_of(object) != "BertTextClassifier") return {};
  SavedHead head;
  const JsonValue& config = object.at("config");
  head.num_classes = config.at("num_classes").integer();
  if (const JsonValue* activation = config.find("activation")) head.activation = keras::function_name(*activation);
  if (const JsonValue* dropout = config.find("dropout")) head.dropout = dropout->number();
  return head;
}

void load_labels(const std::filesystem::path& directory, BertTextClassifier& model) {
  if (!preset::has_file(directory, kLabels)) return;
  const JsonValue json = preset::read_json_file(directory, kLabels);
  std::vector<std::string> names;
  for (const JsonValue& name : json.at("label_names").elements()) names.push_back(name.text());
  keras::blaming((directory / kLabels).string(), [&] { model.set_label_names(names); });
}

/// Gives the layer the values that it has when it is new.
void initialize(const Dense& dense) {
  const Dense fresh(dense.config());
  for (std::size_t i = 0; i < fresh.weights().size(); ++i) {
    Tensor weight = dense.weights()[i].tensor;
    weight.assign(fresh.weights()[i].tensor);
  }
}

}  // namespace

std::unique_ptr<BertTextClassifier> BertTextClassifier::from_preset(std::string_view preset) { return from_preset(preset, Options{}); }

std::unique_ptr<BertTextClassifier> BertTextClassifier::from_preset(std::string_view preset, const Options& options) {
  const std::filesystem::path directory = resolve_preset(preset, options.preset.load_weights ? PresetPart::all : PresetPart::texts);
  const std::optional<SavedHead> saved = read_head(directory);
  check(saved || options.num_classes, "BertTextClassifier: num_classes must be given for a preset without a classifier's head, got none (preset ",
        directory.string(), ")");
  const bool kept = saved && options.num_classes.value_or(saved->num_classes) == saved->num_classes;
  const SavedHead head = saved.value_or(SavedHead{});
  Config config;
  config.backbone = bert::read_backbone_config(directory, options.preset);
  config.num_classes = options.num_classes.value_or(head.num_classes);
  config.activation = options.activation.value_or(head.activation);
  config.dropout = options.dropout.value_or(head.dropout);
  std::unique_ptr<BertTextClassifier> model;
  const auto make = [&] {
    std::optional<UninitializedWeights> scope;
    if (options.preset.load_weights) scope.emplace();
    model = std::make_unique<BertTextClassifier>(config);
  };
  if (kept) keras::blaming((directory / "task.json").string(), make);
  else make();
  model->set_preprocessor(bert::load_classifier_preprocessor(directory, config.backbone, options.sequence_length));
  if (kept) load_labels(directory, *model);
  if (!options.preset.load_weights) return model;
  bert::load_backbone(directory, model->backbone_);
  if (kept) load_weights(*model, directory / kTaskWeights, {.skip = outside_of_head(*model)});
  else initialize(model->output_dense_);
  return model;
}

void BertTextClassifier::save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options) const {
  preset::make_directory(directory);
  write_text(directory / "task.json", to_keras(*this).dump());
  // KerasHub saves the optimizer of a compiled task too: that of one never trained, which is what it makes on loading.
  std::vector<SaveOptions::Group> more{{"optimizer", "adam", {Tensor::zeros({}, DType::int32), Tensor::full({}, 5e-5)}}};
  if (preprocessor_) {
    more.push_back({"preprocessor", "bert_text_classifier_preprocessor"});
    more.push_back({"preprocessor/tokenizer", "bert_tokenizer"});
  }
  save_weights(*this, directory / kTaskWeights, {.skip = outside_of_head(*this), .more = more});
  bert::save_backbone(directory, backbone_, options);
  if (preprocessor_) {
    write_text(directory / "preprocessor.json", bert::to_keras(*preprocessor_).dump());
    bert::save_tokenizer(directory, preprocessor_->tokenizer());
  }
  const std::vector<std::string>& names = label_names_;
  write_text(directory / kLabels, JsonValue::object({{"label_names", JsonValue::array({names.begin(), names.end()})}}).dump());
}

}  // namespace linnet
