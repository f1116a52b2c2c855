#include "models/bert/bert_quantize.h"

#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_presets.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "models/keras_config.h"
#include "models/preset_directory.h"
#include "models/preset_files.h"

namespace linnet {
namespace {

template <class Task>
void quantize_task(std::string_view preset, const std::filesystem::path& output) {
  const auto task = Task::from_preset(preset);
  task->backbone().quantize("int8");
  task->save_to_preset(output);
}

}  // namespace

void quantize_bert_preset(std::string_view preset, const std::filesystem::path& output) {
  const preset::PresetDirectory source(preset, PresetPart::all);
  const std::filesystem::path& directory = source.path();
  std::error_code error;
  check(!std::filesystem::equivalent(directory, output, error), "quantize: the output must be another directory than the preset, got ",
        output.string(), " for both");
  if (preset::has_file(directory, "task.json")) {
    const std::string task = keras::hub_class_of(preset::read_json_file(directory, "task.json"));
    if (task == "BertTextClassifier") return quantize_task<BertTextClassifier>(preset, output);
    if (task == "BertMaskedLM") return quantize_task<BertMaskedLM>(preset, output);
    check_file(task == "BertTextEmbedder", (directory / "task.json").string(),
               ": must be a BertTextClassifier, BertMaskedLM or BertTextEmbedder, got a ", task);
    return quantize_task<BertTextEmbedder>(preset, output);
  }
  const auto backbone = BertBackbone::from_preset(preset);
  backbone->quantize("int8");
  backbone->save_to_preset(output);
  if (preset::has_file(directory, "tokenizer.json") || preset::has_file(directory, "tokenizer_config.json"))
    bert::save_tokenizer(output, *bert::load_tokenizer(directory));
}

}  // namespace linnet
