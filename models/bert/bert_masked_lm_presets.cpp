#include "framework/layers/initializer.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_task_presets.h"
#include "models/preset_directory.h"

namespace linnet {

std::unique_ptr<BertMaskedLM> BertMaskedLM::from_preset(std::string_view preset) { return from_preset(preset, Options{}); }

std::unique_ptr<BertMaskedLM> BertMaskedLM::from_preset(std::string_view preset, const Options& options) {
  const preset::PresetDirectory source(preset, options.preset.load_weights ? PresetPart::all : PresetPart::texts);
  const std::filesystem::path& directory = source.path();
  const Config config{bert::read_backbone_config(directory, options.preset)};
  const bool kept = bert::read_task(directory, "BertMaskedLM").has_value();
  std::unique_ptr<BertMaskedLM> model;
  {
    std::optional<UninitializedWeights> scope;
    if (options.preset.load_weights && kept) scope.emplace();  // a new head needs its initial values
    model = std::make_unique<BertMaskedLM>(config);
  }
  model->set_preprocessor(
      bert::load_preprocessor<BertMaskedLMPreprocessor>(directory, "BertMaskedLMPreprocessor", model->config().backbone, options.sequence_length));
  if (!options.preset.load_weights) return model;
  bert::load_backbone(directory, model->backbone_, options.preset);
  if (kept) bert::load_head(directory, *model, model->backbone_);
  return model;
}

void BertMaskedLM::save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options) const {
  JsonValue preprocessor;
  if (preprocessor_) {
    const BertMaskedLMPreprocessor::Config& config = preprocessor_->config();
    preprocessor = bert::preprocessor_object("bert.bert_masked_lm_preprocessor", "BertMaskedLMPreprocessor", preprocessor_->tokenizer(),
                                             JsonValue::object({{"sequence_length", config.sequence_length},
                                                                {"truncate", config.truncate},
                                                                {"mask_selection_rate", config.mask_selection_rate},
                                                                {"mask_selection_length", config.mask_selection_length},
                                                                {"mask_token_rate", config.mask_token_rate},
                                                                {"random_token_rate", config.random_token_rate}}));
  }
  bert::save_task(directory,
                  {.task = *this,
                   .backbone = backbone_,
                   .config = JsonValue::object(),
                   .preprocessor = preprocessor,
                   .tokenizer = preprocessor_ ? &preprocessor_->tokenizer() : nullptr},
                  options);
}

}  // namespace linnet
