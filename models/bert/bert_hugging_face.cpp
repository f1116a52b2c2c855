#include "models/bert/bert_hugging_face.h"

#include <array>

#include "framework/core/error.h"
#include "models/hf_checkpoint.h"

namespace linnet::hugging_face {
namespace {

struct Name {
  std::string_view keras, theirs;
};
constexpr std::array kEmbeddings{Name{"token_embedding/embeddings", "word_embeddings.weight"},
                                 Name{"position_embedding/embeddings", "position_embeddings.weight"},
                                 Name{"segment_embedding/embeddings", "token_type_embeddings.weight"}};
constexpr std::array kLayer{Name{"self_attention_layer/query", "attention.self.query"},
                            Name{"self_attention_layer/key", "attention.self.key"},
                            Name{"self_attention_layer/value", "attention.self.value"},
                            Name{"self_attention_layer/attention_output", "attention.output.dense"},
                            Name{"self_attention_layer_norm", "attention.output.LayerNorm"},
                            Name{"feedforward_intermediate_dense", "intermediate.dense"},
                            Name{"feedforward_output_dense", "output.dense"},
                            Name{"feedforward_layer_norm", "output.LayerNorm"}};

/// The layer that holds a variable: "transformer_layer_3/self_attention_layer/query" -> "encoder.layer.3.attention.self.query".
std::string their_layer(const std::string& layer) {
  if (layer == "embeddings_layer_norm") return "embeddings.LayerNorm";
  if (layer == "pooled_dense") return "pooler.dense";
  constexpr std::string_view kPrefix = "transformer_layer_";
  const std::size_t slash = layer.find('/');
  if (layer.starts_with(kPrefix) && slash != std::string::npos)
    for (const Name& name : kLayer)
      if (std::string_view(layer).substr(slash + 1) == name.keras)
        return cat("encoder.layer.", layer.substr(kPrefix.size(), slash - kPrefix.size()), ".", name.theirs);
  throw std::logic_error("from_preset: no Hugging Face name for " + layer);
}

Source source_of(const Parameter& parameter, const std::string& prefix, bool old_norm_names) {
  for (const Name& name : kEmbeddings)
    if (parameter.path == name.keras) return {cat(prefix, "embeddings.", name.theirs), parameter.tensor.shape(), false};
  const std::size_t slash = parameter.path.rfind('/');
  const std::string layer = parameter.path.substr(0, slash), variable = parameter.path.substr(slash + 1);
  const std::string theirs = prefix + their_layer(layer) + ".";
  const std::int64_t elements = parameter.tensor.size();
  if (variable == "gamma") return {theirs + (old_norm_names ? "gamma" : "weight"), {elements}, false};
  if (variable == "beta") return {theirs + (old_norm_names ? "beta" : "bias"), {elements}, false};
  if (variable == "bias") return {theirs + "bias", {elements}, false};
  // (in, out), (hidden, heads, key_dim) or (heads, key_dim, hidden): only the last has more than one axis of inputs.
  const bool joins_heads = layer.ends_with("/attention_output");
  const std::int64_t out = joins_heads ? parameter.tensor.dim(-1) : elements / parameter.tensor.dim(0);
  return {theirs + "weight", {out, elements / out}, true};
}

}  // namespace

BertBackbone::Config read_bert_config(const JsonValue& config) {
  check_file(config.at("model_type").text() == "bert", config.at("model_type").where(), " must be \"bert\", got ", config.at("model_type").brief());
  if (const JsonValue* activation = config.find("hidden_act")) {
    const std::string& name = activation->text();
    check_file(name == "gelu" || name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast", activation->where(),
               " must be a form of gelu, got ", activation->brief());
  }
  if (const JsonValue* positions = config.find("position_embedding_type"); positions && !positions->is_null())
    check_file(positions->text() == "absolute", positions->where(), " must be \"absolute\", got ", positions->brief());
  if (const JsonValue* decoder = config.find("is_decoder"); decoder && !decoder->is_null())
    check_file(!decoder->boolean(), decoder->where(), " must be false: a BertBackbone is an encoder");
  BertBackbone::Config result;
  result.vocabulary_size = config.at("vocab_size").integer();
  result.num_layers = config.at("num_hidden_layers").integer();
  result.num_heads = config.at("num_attention_heads").integer();
  result.hidden_dim = config.at("hidden_size").integer();
  result.intermediate_dim = config.at("intermediate_size").integer();
  result.max_sequence_length = config.at("max_position_embeddings").integer();
  if (const JsonValue* segments = config.find("type_vocab_size")) result.num_segments = segments->integer();
  return result;
}

void load_bert(const std::filesystem::path& directory, BertBackbone& backbone, const PresetOptions& options) {
  const Safetensors weights = open_weights(directory);
  const std::string prefix = prefix_of(weights, "embeddings.word_embeddings.weight");
  const bool old_norm_names = weights.contains(prefix + "embeddings.LayerNorm.gamma");
  load(
      backbone, weights, [&](const Parameter& parameter) { return source_of(parameter, prefix, old_norm_names); }, options);
}

std::vector<Parameter> bert_tensors(const BertBackbone& backbone, const std::string& prefix, DType dtype) {
  return tensors_of(backbone, dtype, [&](const Parameter& parameter) { return source_of(parameter, prefix, false); });
}

std::vector<Parameter> dense_tensors(const Dense& dense, const std::string& prefix, DType dtype) {
  return tensors_of(dense, dtype, [&](const Parameter& parameter) -> Source {
    const Shape& shape = parameter.tensor.shape();
    if (parameter.path == "bias") return {prefix + ".bias", shape, false};
    return {prefix + ".weight", {shape[1], shape[0]}, true};
  });
}

}  // namespace linnet::hugging_face
