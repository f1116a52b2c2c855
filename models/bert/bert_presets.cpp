#include "models/bert/bert_presets.h"

#include "framework/core/error.h"
#include "framework/core/warning.h"
#include "framework/io/atomic_file.h"
#include "framework/layers/initializer.h"
#include "framework/layers/int8_layers.h"
#include "models/bert/bert_hugging_face.h"
#include "models/keras_config.h"
#include "models/preset_directory.h"
#include "models/preset_files.h"

namespace linnet::bert {
namespace {

using preset::Form;
using preset::read_json_file;

JsonValue optional_integer(const std::optional<std::int64_t>& value) { return value ? JsonValue(*value) : JsonValue(); }

BertBackbone::Config read_keras_config(const JsonValue& object) {
  BertBackbone::Config config;
  keras::read_fields(keras::config_of(object, "BertBackbone"), {}, [&](FieldVisitor& field) { config.fields(field); });
  return config;
}

}  // namespace

JsonValue to_keras(const BertBackbone& backbone) {
  const BertBackbone::Config& config = backbone.config();
  JsonValue json = keras::layer_config("bert_backbone", config.dtype.name());
  if (const std::vector<std::string> int8 = int8_layers(backbone); !int8.empty()) json.set("dtype", keras::int8_policy(int8));
  json.set("vocabulary_size", config.vocabulary_size);
  json.set("num_layers", config.num_layers);
  json.set("num_heads", config.num_heads);
  json.set("hidden_dim", config.hidden_dim);
  json.set("intermediate_dim", config.intermediate_dim);
  json.set("dropout", config.dropout);
  json.set("max_sequence_length", config.max_sequence_length);
  json.set("num_segments", config.num_segments);
  if (config.activation != BertBackbone::Config().activation) json.set("activation", config.activation);  // KerasHub has no such key
  return keras::hub_object("bert.bert_backbone", "BertBackbone", json);
}

JsonValue to_keras(const BertTokenizer& tokenizer) {
  const WordPieceTokenizer::Config& config = tokenizer.config();
  JsonValue json = keras::layer_config("bert_tokenizer", "int32");
  json.set("config_file", "tokenizer.json");
  json.set("vocabulary", {});
  json.set("sequence_length", optional_integer(config.sequence_length));
  json.set("lowercase", config.lowercase);
  json.set("strip_accents", config.strip_accents);
  json.set("split", config.split);
  if (!config.split_on_cjk) json.set("split_on_cjk", false);  // KerasHub writes none and reads it
  json.set("suffix_indicator", config.suffix_indicator);
  json.set("oov_token", config.oov_token);
  const auto& special = config.special_tokens;
  json.set("special_tokens", special.empty() ? JsonValue() : JsonValue::array({special.begin(), special.end()}));
  json.set("special_tokens_in_strings", config.special_tokens_in_strings);
  return keras::hub_object("bert.bert_tokenizer", "BertTokenizer", json);
}

BertBackbone::Config read_backbone_config(const std::filesystem::path& directory, const PresetOptions& options) {
  const JsonValue json = read_json_file(directory, "config.json");
  BertBackbone::Config config = preset::form_of(json) == Form::keras_hub ? read_keras_config(json) : hugging_face::read_bert_config(json);
  config.dtype = options.dtype;
  if (options.dropout) config.dropout = *options.dropout;
  if (options.activation) config.activation = *options.activation;
  keras::blaming((directory / "config.json").string(), [&] { BertBackbone::check_config(config); });
  constexpr double kMostParameters = 1e12;
  const double parameters = BertBackbone::expected_parameters(config);
  if (options.load_weights) preset::check_size(directory, "config.json", parameters);
  else
    check_file(parameters <= kMostParameters, (directory / "config.json").string(), ": the model must have at most 10^12 parameters, got ",
               parameters);
  return config;
}

void load_backbone(const std::filesystem::path& directory, BertBackbone& backbone, const PresetOptions& options) {
  const JsonValue json = read_json_file(directory, "config.json");
  if (preset::form_of(json) == Form::hugging_face) return hugging_face::load_bert(directory, backbone, options);
  if (const JsonValue* dtype = json.at("config").find("dtype"))
    keras::blaming((directory / "config.json").string(), [&] { make_int8(backbone, keras::int8_paths(*dtype)); });
  preset::load_weight_files(directory, backbone, options);
}

void save_backbone(const std::filesystem::path& directory, const BertBackbone& backbone, const PresetSaveOptions& options) {
  if (const std::string& activation = backbone.config().activation; activation != BertBackbone::Config().activation)
    warn(cat("save_to_preset: ", directory.string(), ": KerasHub will ignore the activation ", activation, " and compute ",
             BertBackbone::Config().activation, "; Linnet will not"));
  write_text(directory / "config.json", to_keras(backbone).dump());
  preset::save_metadata(directory, backbone);
  preset::save_weight_files(directory, backbone, options);
}

std::shared_ptr<const BertTokenizer> load_tokenizer(const std::filesystem::path& directory, const TokenizerOptions& options) {
  std::shared_ptr<const BertTokenizer> tokenizer;
  BertTokenizer::Config config;
  if (preset::form_of(read_json_file(directory, "config.json")) == Form::hugging_face) {
    const JsonValue json = read_json_file(directory, "tokenizer_config.json");
    config.lowercase = json.at("do_lower_case").boolean();
    config.strip_accents = options.strip_accents.value_or(config.strip_accents);
    keras::blaming((directory / "vocab.txt").string(),
                   [&] { tokenizer = std::make_shared<BertTokenizer>(Vocabulary::load(directory / "vocab.txt"), config); });
    return tokenizer;
  }
  const JsonValue object = read_json_file(directory, "tokenizer.json");
  const JsonValue& json = keras::config_of(object, "BertTokenizer");
  const JsonValue* vocabulary = json.find("vocabulary");
  check_file(!vocabulary || vocabulary->is_null(), vocabulary ? vocabulary->where() : "",
             " must be null (the tokens lie in assets/tokenizer/vocabulary.txt)");
  keras::read_fields(json, {"config_file", "vocabulary"}, [&](FieldVisitor& field) { config.fields(field); });
  config.strip_accents = options.strip_accents.value_or(config.strip_accents);
  const std::filesystem::path file = directory / "assets" / "tokenizer" / "vocabulary.txt";
  keras::blaming(file.string(), [&] { tokenizer = std::make_shared<BertTokenizer>(Vocabulary::load(file), config); });
  return tokenizer;
}

void save_tokenizer(const std::filesystem::path& directory, const BertTokenizer& tokenizer) {
  write_text(directory / "tokenizer.json", to_keras(tokenizer).dump());
  preset::make_directory(directory / "assets" / "tokenizer");
  std::string lines;
  for (const std::string& token : tokenizer.vocabulary().tokens()) lines += token + "\n";
  write_text(directory / "assets" / "tokenizer" / "vocabulary.txt", lines);
}

}  // namespace linnet::bert

namespace linnet {

std::unique_ptr<BertBackbone> BertBackbone::from_preset(std::string_view preset, const PresetOptions& options) {
  const preset::PresetDirectory source(preset, options.load_weights ? PresetPart::all : PresetPart::texts);
  const std::filesystem::path& directory = source.path();
  const Config config = bert::read_backbone_config(directory, options);
  if (!options.load_weights) return std::make_unique<BertBackbone>(config);
  const UninitializedWeights scope;
  auto backbone = std::make_unique<BertBackbone>(config);
  bert::load_backbone(directory, *backbone, options);
  return backbone;
}

void BertBackbone::save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options) const {
  preset::make_directory(directory);
  bert::save_backbone(directory, *this, options);
}

}  // namespace linnet
