// What the scripts beside it ask of Linnet: makes, copies and runs models, with HDF5 files for arrays. Usage:
//   linnet_interop make-classifier CONFIG.json VOCABULARY OUTPUT_PRESET   CONFIG: BertTextClassifier's, as JSON
//   linnet_interop copy-classifier PRESET OUTPUT_PRESET [MAX_SHARD_BYTES]
//   linnet_interop copy-backbone PRESET OUTPUT_PRESET [MAX_SHARD_BYTES]
//   linnet_interop run-classifier PRESET TEXTS OUTPUT.h5                  TEXTS: one a line
//   linnet_interop run-backbone PRESET INPUTS.h5 OUTPUT.h5
//   linnet_interop copy-masked-lm PRESET OUTPUT_PRESET
//   linnet_interop copy-embedder PRESET OUTPUT_PRESET
//   linnet_interop run-masked-lm PRESET INPUTS.h5 OUTPUT.h5               inputs with mask_positions
//   linnet_interop embed PRESET TEXTS OUTPUT.h5 [ACTIVATION]              with an activation, accents are stripped, too
//   linnet_interop adapt-backbone PRESET ADAPTER.lora.h5 INPUTS.h5 ADAPTER_AGAIN.lora.h5 MERGED_PRESET OUTPUT.h5
//   linnet_interop quantize PRESET OUTPUT_PRESET
//   linnet_interop tokenize VOCABULARY OPTIONS TEXTS.json OUTPUT          OPTIONS: BertTokenizer's, as JSON; OUTPUT: ids, a line each
//   linnet_interop run-encoders CASES.json ARRAYS.h5 OUTPUT.h5            see run_encoders.h
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/config/json.h"
#include "framework/core/error.h"
#include "framework/core/random.h"
#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/hdf5_writer.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_quantize.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/interop/run_encoders.h"

using namespace linnet;

namespace {

using Arguments = std::vector<std::string>;

PresetSaveOptions save_options(const Arguments& arguments) {
  PresetSaveOptions options;
  if (arguments.size() > 2) options.max_shard_bytes = std::stoll(arguments[2]);
  return options;
}

void make_classifier(const Arguments& arguments) {
  set_seed(3);
  BertTextClassifier model(from_json<BertTextClassifier::Config>(read_text(arguments.at(0)), arguments.at(0)));
  BertTokenizer::Config tokenizer;
  tokenizer.lowercase = true;
  model.set_preprocessor(std::make_shared<BertTextClassifierPreprocessor>(
      std::make_shared<BertTokenizer>(Vocabulary::load(arguments.at(1)), tokenizer),
      BertTextClassifierPreprocessor::Config{.sequence_length = model.config().backbone.max_sequence_length}));
  for (Parameter& parameter : model.parameters())  // no value may be trivial, or a swapped bias would not show
    if (parameter.path.ends_with("bias") || parameter.path.ends_with("beta"))
      parameter.tensor.assign(Initializer::truncated_normal(0.2).make(parameter.tensor.shape(), parameter.tensor.dtype()));
  model.save_to_preset(arguments.at(2));
}

/// What `model` makes of the lines of a file, with its inputs, as `name` in an HDF5 file.
template <class Model>
void run_on_texts(const Model& model, const std::string& file, const std::string& name, const std::string& output_file) {
  std::ifstream lines(file);
  std::vector<std::vector<std::string>> texts;
  for (std::string line; std::getline(lines, line);) texts.push_back({line});
  const PaddedTokens inputs = model.preprocessor().preprocess_batch(texts);
  Hdf5Writer output(output_file);
  output.dataset("inputs/token_ids", inputs.token_ids);
  output.dataset("inputs/segment_ids", inputs.segment_ids);
  output.dataset("inputs/padding_mask", inputs.padding_mask);
  output.dataset(name, model.forward(inputs));
  output.finish();
}

void run_classifier(const Arguments& arguments) {
  run_on_texts(*BertTextClassifier::from_preset(arguments.at(0)), arguments.at(1), "logits", arguments.at(2));
}

void embed(const Arguments& arguments) {
  BertTextEmbedder::Options options;
  if (arguments.size() > 3) {
    options.strip_accents = true;
    options.preset.activation = arguments[3];
  }
  run_on_texts(*BertTextEmbedder::from_preset(arguments.at(0), options), arguments.at(1), "embeddings", arguments.at(2));
}

void run_masked_lm(const Arguments& arguments) {
  const auto model = BertMaskedLM::from_preset(arguments.at(0));
  const Hdf5File inputs(arguments.at(1));
  Hdf5Writer output(arguments.at(2));
  output.dataset("logits",
                 model->forward({inputs.read("token_ids"), inputs.read("segment_ids"), inputs.read("padding_mask")}, inputs.read("mask_positions")));
  output.finish();
}

void run(const BertBackbone& model, const std::string& inputs_file, const std::string& output_file) {
  const Hdf5File inputs(inputs_file);
  const BertOutputs outputs = model.forward({inputs.read("token_ids"), inputs.read("segment_ids"), inputs.read("padding_mask")});
  Hdf5Writer output(output_file);
  output.dataset("sequence_output", outputs.sequence_output);
  output.dataset("pooled_output", outputs.pooled_output);
  output.finish();
}

void adapt_backbone(const Arguments& arguments) {
  const auto model = BertBackbone::from_preset(arguments.at(0));
  model->load_lora_weights(arguments.at(1));
  model->save_lora_weights(arguments.at(3));
  model->save_to_preset(arguments.at(4));
  run(*model, arguments.at(2), arguments.at(5));
}

void tokenize(const Arguments& arguments) {
  const BertTokenizer tokenizer(Vocabulary::load(arguments.at(0)), from_json<BertTokenizer::Config>(arguments.at(1), "options"));
  const auto texts = nlohmann::json::parse(read_text(arguments.at(2))).get<std::vector<std::string>>();
  std::ofstream output(arguments.at(3));
  for (const std::string& text : texts) {
    for (const std::int32_t id : tokenizer.tokenize(text)) output << id << ' ';
    output << '\n';
  }
}

const std::map<std::string, std::function<void(const Arguments&)>> kCommands{
    {"make-classifier", make_classifier},
    {"copy-classifier", [](const Arguments& a) { BertTextClassifier::from_preset(a.at(0))->save_to_preset(a.at(1), save_options(a)); }},
    {"copy-backbone", [](const Arguments& a) { BertBackbone::from_preset(a.at(0))->save_to_preset(a.at(1), save_options(a)); }},
    {"copy-masked-lm", [](const Arguments& a) { BertMaskedLM::from_preset(a.at(0))->save_to_preset(a.at(1)); }},
    {"copy-embedder", [](const Arguments& a) { BertTextEmbedder::from_preset(a.at(0))->save_to_preset(a.at(1)); }},
    {"run-masked-lm", run_masked_lm},
    {"tokenize", tokenize},
    {"embed", embed},
    {"run-classifier", run_classifier},
    {"run-backbone", [](const Arguments& a) { run(*BertBackbone::from_preset(a.at(0)), a.at(1), a.at(2)); }},
    {"adapt-backbone", adapt_backbone},
    {"quantize", [](const Arguments& a) { quantize_bert_preset(a.at(0), a.at(1)); }},
    {"run-encoders", [](const Arguments& a) { interop::run_encoders(a.at(0), a.at(1), a.at(2)); }},
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto command = kCommands.find(argc > 1 ? argv[1] : "");
    check(command != kCommands.end(), "linnet_interop: the first argument must be a command of its source's head, got '", argc > 1 ? argv[1] : "",
          "'");
    command->second(Arguments(argv + 2, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
