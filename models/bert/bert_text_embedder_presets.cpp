#include "framework/layers/initializer.h"
#include "models/bert/bert_task_presets.h"
#include "models/bert/bert_text_embedder.h"
#include "models/preset_directory.h"

namespace linnet {

std::unique_ptr<BertTextEmbedder> BertTextEmbedder::from_preset(std::string_view preset) { return from_preset(preset, Options{}); }

std::unique_ptr<BertTextEmbedder> BertTextEmbedder::from_preset(std::string_view preset, const Options& options) {
  const preset::PresetDirectory source(preset, options.preset.load_weights ? PresetPart::all : PresetPart::texts);
  const std::filesystem::path& directory = source.path();
  Config config{.backbone = bert::read_backbone_config(directory, options.preset)};
  if (const std::optional<JsonValue> saved = bert::read_task(directory, "BertTextEmbedder")) {
    if (const JsonValue* mode = saved->find("pooling_mode")) config.pooling_mode = mode->text();
    if (const JsonValue* normalize = saved->find("normalize")) config.normalize = normalize->boolean();
  }
  config.pooling_mode = options.pooling_mode.value_or(config.pooling_mode);
  config.normalize = options.normalize.value_or(config.normalize);
  std::unique_ptr<BertTextEmbedder> model;
  const auto make = [&] {
    std::optional<UninitializedWeights> scope;
    if (options.preset.load_weights) scope.emplace();
    model = std::make_unique<BertTextEmbedder>(config);
  };
  if (options.pooling_mode) make();
  else keras::blaming((directory / "task.json").string(), make);
  model->set_preprocessor(bert::load_preprocessor<BertTextEmbedderPreprocessor>(directory, "BertTextEmbedderPreprocessor", config.backbone,
                                                                                options.sequence_length, {.strip_accents = options.strip_accents}));
  if (options.preset.load_weights) bert::load_backbone(directory, model->backbone_, options.preset);
  return model;
}

void BertTextEmbedder::save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options) const {
  JsonValue preprocessor;
  if (preprocessor_) {
    const BertTextEmbedderPreprocessor::Config& config = preprocessor_->config();
    preprocessor = bert::preprocessor_object("bert.bert_text_embedder_preprocessor", "BertTextEmbedderPreprocessor", preprocessor_->tokenizer(),
                                             JsonValue::object({{"sequence_length", config.sequence_length}, {"truncate", config.truncate}}));
  }
  bert::save_task(directory,
                  {.task = *this,
                   .backbone = backbone_,
                   .config = JsonValue::object({{"pooling_mode", config_.pooling_mode}, {"normalize", config_.normalize}}),
                   .preprocessor = preprocessor,
                   .tokenizer = preprocessor_ ? &preprocessor_->tokenizer() : nullptr,
                   .has_head = false},
                  options);
}

}  // namespace linnet
