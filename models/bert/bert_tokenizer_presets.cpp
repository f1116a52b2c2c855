#include "models/bert/bert_task_presets.h"
#include "models/bert/bert_text_classifier_preprocessor.h"
#include "models/preset_directory.h"
#include "models/preset_files.h"

namespace linnet {

std::shared_ptr<const BertTokenizer> BertTokenizer::from_preset(std::string_view preset) {
  const preset::PresetDirectory directory(preset, PresetPart::texts);
  return bert::load_tokenizer(directory.path());
}

void BertTokenizer::save_to_preset(const std::filesystem::path& directory) const {
  preset::make_directory(directory);
  bert::save_tokenizer(directory, *this);
}

std::shared_ptr<const BertTextClassifierPreprocessor> BertTextClassifierPreprocessor::from_preset(std::string_view preset,
                                                                                                  std::optional<std::int64_t> sequence_length) {
  const preset::PresetDirectory directory(preset, PresetPart::texts);
  const BertBackbone::Config backbone = bert::read_backbone_config(directory.path(), {.load_weights = false});
  return bert::load_preprocessor<BertTextClassifierPreprocessor>(directory.path(), "BertTextClassifierPreprocessor", backbone, sequence_length);
}

}  // namespace linnet
