#include <fstream>
#include <new>

#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

constexpr const char* kFiles[] = {
    "config.json",        "task.json", "preprocessor.json",           "tokenizer.json", "tokenizer_config.json", "labels.json",
    "model.weights.json", "vocab.txt", "model.safetensors.index.json"};

void use(const BertTextClassifierPreprocessor& preprocessor) {
  const TokenizedText text = preprocessor.preprocess("the film [MASK] caf\u00e9");
  fuzz::require(text.token_ids.size() <= static_cast<std::size_t>(std::max<std::int64_t>(2, preprocessor.config().sequence_length)),
                "lengths are kept to");
}

}  // namespace

/// The texts of a preset's directory in the order of kFiles. Its weights are no HDF5: what is built before they are opened is
/// bounded by their size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::filesystem::path& directory = fuzz::scratch_directory();
  fuzz::clear_scratch_directory();
  const std::vector<std::string> parts = fuzz::parts_of(fuzz::text_of(data, size));
  for (std::size_t i = 0; i < std::size(kFiles) && i < parts.size(); ++i)
    if (!parts[i].empty()) fuzz::ScratchFile(kFiles[i]).write(parts[i]);
  fuzz::ScratchFile("model.weights.h5").write(std::string(20'000, 'x'));
  std::filesystem::create_directories(directory / "assets" / "tokenizer");
  fuzz::ScratchFile("assets/tokenizer/vocabulary.txt").write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\n");
  const std::string preset = directory.string();
  fuzz::accepts([&] { preset_notes(preset); });
  fuzz::accepts([&] { BertTokenizer::from_preset(preset)->tokenize("the film caf\u00e9"); });
  fuzz::accepts([&] { use(*BertTextClassifierPreprocessor::from_preset(preset)); });
  fuzz::accepts([&] { BertBackbone::from_preset(preset); });
  if (fuzz::asks_for_much(fuzz::text_of(data, size))) return 0;
  const PresetOptions initial{.load_weights = false};
  try {
    fuzz::accepts([&] {
      const auto backbone = BertBackbone::from_preset(preset, initial);
      fuzz::require(static_cast<double>(backbone->parameter_count()) == BertBackbone::expected_parameters(backbone->config()),
                    "parameters are as expected");
    });
    fuzz::accepts([&] { BertTextClassifier::from_preset(preset, {.num_classes = 2, .preset = initial}); });
    fuzz::accepts([&] { BertMaskedLM::from_preset(preset, {.preset = initial}); });
    fuzz::accepts([&] { BertTextEmbedder::from_preset(preset, {.preset = initial}); });
  } catch (const std::bad_alloc&) {  // a model larger than memory, of which the caller asked not to load the weights
  }
  return 0;
}
