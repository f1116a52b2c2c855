#include "framework/io/atomic_file.h"
#include "framework/layers/initializer.h"
#include "models/bert/bert_task_presets.h"
#include "models/bert/bert_text_classifier.h"
#include "models/preset_directory.h"

namespace linnet {
namespace {

constexpr const char* kLabels = "labels.json";  // ours; KerasHub does not know it

/// The head of a preset that is a BertTextClassifier's.
struct SavedHead {
  std::int64_t num_classes = 2;
  std::string activation = "linear";
  double dropout = 0.1;
};
std::optional<SavedHead> read_head(const std::filesystem::path& directory) {
  const std::optional<JsonValue> config = bert::read_task(directory, "BertTextClassifier");
  if (!config) return {};
  SavedHead head;
  head.num_classes = config->at("num_classes").integer();
  if (const JsonValue* activation = config->find("activation")) head.activation = keras::function_name(*activation);
  if (const JsonValue* dropout = config->find("dropout")) head.dropout = dropout->number();
  keras::blaming((directory / "task.json").string(), [&] {  // also where the head is not kept: the new one takes these from it
    activation_from_name(head.activation);
    Dropout({head.dropout});
  });
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
  const preset::PresetDirectory source(preset, options.preset.load_weights ? PresetPart::all : PresetPart::texts);
  const std::filesystem::path& directory = source.path();
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
  const double of_head = static_cast<double>(config.num_classes) * (static_cast<double>(config.backbone.hidden_dim) + 1);
  if (kept && options.preset.load_weights) preset::check_size(directory, "task.json", BertBackbone::expected_parameters(config.backbone) + of_head);
  std::unique_ptr<BertTextClassifier> model;
  const auto make = [&] {
    std::optional<UninitializedWeights> scope;
    if (options.preset.load_weights) scope.emplace();
    model = std::make_unique<BertTextClassifier>(config);
  };
  if (kept) keras::blaming((directory / "task.json").string(), make);
  else make();
  model->set_preprocessor(
      bert::load_preprocessor<BertTextClassifierPreprocessor>(directory, "BertTextClassifierPreprocessor", config.backbone, options.sequence_length));
  if (kept) load_labels(directory, *model);
  if (!options.preset.load_weights) return model;
  bert::load_backbone(directory, model->backbone_, options.preset);
  if (kept) bert::load_head(directory, *model, model->backbone_);
  else initialize(model->output_dense_);
  return model;
}

void BertTextClassifier::save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options) const {
  JsonValue preprocessor;
  if (preprocessor_) {
    const BertTextClassifierPreprocessor::Config& config = preprocessor_->config();
    preprocessor = bert::preprocessor_object("bert.bert_text_classifier_preprocessor", "BertTextClassifierPreprocessor", preprocessor_->tokenizer(),
                                             JsonValue::object({{"sequence_length", config.sequence_length}, {"truncate", config.truncate}}));
  }
  bert::save_task(
      directory,
      {.task = *this,
       .backbone = backbone_,
       .config = JsonValue::object({{"num_classes", config_.num_classes}, {"activation", config_.activation}, {"dropout", config_.dropout}}),
       .preprocessor = preprocessor,
       .tokenizer = preprocessor_ ? &preprocessor_->tokenizer() : nullptr},
      options);
  const std::vector<std::string>& names = label_names_;
  write_text(directory / kLabels, JsonValue::object({{"label_names", JsonValue::array({names.begin(), names.end()})}}).dump());
}

}  // namespace linnet
