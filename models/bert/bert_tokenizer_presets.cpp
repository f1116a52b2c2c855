#include "models/bert/bert_presets.h"
#include "models/bert/bert_text_classifier_preprocessor.h"
#include "models/preset_files.h"

namespace linnet {

std::shared_ptr<const BertTokenizer> BertTokenizer::from_preset(std::string_view preset) {
  return bert::load_tokenizer(resolve_preset(preset, PresetPart::texts));
}

void BertTokenizer::save_to_preset(const std::filesystem::path& directory) const {
  preset::make_directory(directory);
  bert::save_tokenizer(directory, *this);
}

std::shared_ptr<const BertTextClassifierPreprocessor> BertTextClassifierPreprocessor::from_preset(std::string_view preset,
                                                                                                  std::optional<std::int64_t> sequence_length) {
  const std::filesystem::path directory = resolve_preset(preset, PresetPart::texts);
  const BertBackbone::Config backbone = bert::read_backbone_config(directory, {.load_weights = false});
  return bert::load_classifier_preprocessor(directory, backbone, sequence_length);
}

}  // namespace linnet
