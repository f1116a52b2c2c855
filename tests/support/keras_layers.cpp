#include "tests/support/keras_layers.h"

#include <nlohmann/json.hpp>
#include <set>

#include "framework/linnet.h"

namespace linnet::testing {
namespace {

using Json = nlohmann::json;

/// A JSON object of which every key must be read.
class Reader {
 public:
  Reader(const Json& entry, const std::string& key) : object_(entry.value(key, Json::object())), name_(key) {}
  template <class T>
  T get(const std::string& key, T fallback) {
    read_.insert(key);
    return object_.contains(key) && !object_[key].is_null() ? object_[key].get<T>() : fallback;
  }
  Json json(const std::string& key) {
    read_.insert(key);
    return object_.value(key, Json());
  }
  void finish() const {
    for (const auto& [key, value] : object_.items())
      if (!read_.contains(key)) throw NotTranslated(name_ + " key '" + key + "'");
  }

 private:
  Json object_;
  std::string name_;
  std::set<std::string> read_;
};

/// One case while it is translated.
struct Case {
  const Json& entry;
  const NamedTensors& inputs;
  Reader config, call;
  std::map<std::string, Tensor> unused;

  Case(const Json& json, const NamedTensors& tensors) : entry(json), inputs(tensors), config(json, "config"), call(json, "call"), unused(tensors) {
    if (call.get("training", false)) throw NotTranslated("call with training");
  }

  /// The tensor for a parameter of Keras' call; undefined when it is not given. The first input is positional as `first`.
  Tensor argument(const std::string& parameter, bool first = false) {
    std::string name = parameter;
    if (entry.contains("arguments")) {
      if (!entry["arguments"].contains(parameter)) return {};
      name = entry["arguments"][parameter];
    } else if (first) {
      name = first_name();
    }
    const auto found = inputs.find(name);
    if (found == inputs.end()) return {};
    unused.erase(name);
    return found->second;
  }
  std::string first_name() const {
    std::string x;
    for (const auto& [name, tensor] : inputs)
      if (name == "x" || name == "token_ids" || name == "inputs") x = name;
    if (x.empty()) throw NotTranslated("inputs without x or token_ids");
    return x;
  }
  Tensor x() { return argument("inputs", true); }
  void finish() const {
    config.finish();
    call.finish();
    if (!unused.empty()) throw NotTranslated("input '" + unused.begin()->first + "'");
  }
};

constexpr const char* kDType = "float64";

SequenceLayout layout_of(const Tensor& x, const Tensor& mask = {}) {
  const std::vector<std::int32_t> ones(static_cast<std::size_t>(x.dim(0) * x.dim(1)), 1);
  return SequenceLayout::padded(x.dim(0), x.dim(1), mask.defined() ? mask : Tensor::from(ones, {x.dim(0), x.dim(1)}));
}
Tensor flat(const Tensor& x) { return ops::reshape(x, {x.dim(0) * x.dim(1), x.dim(2)}); }
Tensor batched(const Tensor& y, const Tensor& like) { return ops::reshape(y, {like.dim(0), like.dim(1), y.dim(-1)}); }

/// A layer named "layer" and its call.
template <class L, class F>
KerasLayer built(std::unique_ptr<L> layer, F&& call) {
  KerasLayer result;
  for (const Parameter& parameter : layer->parameters()) result.parameters.push_back({"layer/" + parameter.path, parameter.tensor});
  result.call = [call, &own = *layer] { return std::vector<Tensor>(call(own)); };
  result.layers.push_back(std::move(layer));
  return result;
}
template <class L>
KerasLayer unary(const typename L::Config& config, const Tensor& x) {
  return built(std::make_unique<L>(config), [x](const L& layer) { return std::vector{layer.forward(x)}; });
}

/// A shape of Keras: an integer or a list, whose nulls become 0.
Shape shape_of(const Json& json) {
  if (json.is_number_integer()) return {json.get<std::int64_t>()};
  Shape shape;
  for (const Json& extent : json) shape.push_back(extent.is_null() ? 0 : extent.get<std::int64_t>());
  return shape;
}

KerasLayer dense(Case& c) {
  const Tensor x = c.x();
  return unary<Dense>({.input_dim = x.dim(-1),
                       .units = c.config.get<std::int64_t>("units", 0),
                       .activation = c.config.get<std::string>("activation", "linear"),
                       .use_bias = c.config.get("use_bias", true),
                       .dtype = kDType},
                      x);
}

KerasLayer einsum_dense(Case& c) {
  const Tensor x = c.x();
  EinsumDense::Config config{.equation = c.config.get<std::string>("equation", ""),
                             .input_shape = x.shape(),
                             .output_shape = shape_of(c.config.json("output_shape")),
                             .bias_axes = c.config.get<std::string>("bias_axes", ""),
                             .activation = c.config.get<std::string>("activation", "linear"),
                             .dtype = kDType};
  const bool dots_first = config.equation.starts_with("...");
  const std::ptrdiff_t batch = dots_first ? std::ssize(x.shape()) - (static_cast<std::ptrdiff_t>(config.equation.find(',')) - 3) : 1;
  config.input_shape.erase(config.input_shape.begin(), config.input_shape.begin() + batch);
  return unary<EinsumDense>(config, x);
}

KerasLayer embedding(Case& c) {
  return unary<Embedding>(
      {.input_dim = c.config.get<std::int64_t>("input_dim", 0), .output_dim = c.config.get<std::int64_t>("output_dim", 0), .dtype = kDType}, c.x());
}

ReversibleEmbedding::Config reversible_config(Reader& config) {
  const double cap = config.get("logit_soft_cap", 0.0);
  return {.input_dim = config.get<std::int64_t>("input_dim", 0),
          .output_dim = config.get<std::int64_t>("output_dim", 0),
          .tie_weights = config.get("tie_weights", true),
          .logit_soft_cap = cap > 0 ? std::optional(cap) : std::nullopt,
          .dtype = kDType};
}

KerasLayer reversible_embedding(Case& c) {
  const bool reverse = c.call.get("reverse", false);
  return built(std::make_unique<ReversibleEmbedding>(reversible_config(c.config)),
               [x = c.x(), reverse](const ReversibleEmbedding& layer) { return std::vector{reverse ? layer.reverse(x) : layer.forward(x)}; });
}

/// Keras broadcasts the places' vectors over the batch; ours come by layout.
template <class L>
KerasLayer positions(Case& c, const typename L::Config& config, const Tensor& x) {
  const std::int64_t start = c.call.get<std::int64_t>("start_index", 0);
  return built(std::make_unique<L>(config), [=](const L& layer) { return std::vector{batched(layer.forward(layout_of(x), start), x)}; });
}

KerasLayer position_embedding(Case& c) {
  const Tensor x = c.x();
  return positions<PositionEmbedding>(
      c, {.sequence_length = c.config.get<std::int64_t>("sequence_length", 0), .output_dim = x.dim(-1), .dtype = kDType}, x);
}

KerasLayer sine_position_encoding(Case& c) {
  const Tensor x = c.x();
  return positions<SinePositionEncoding>(c, {.output_dim = x.dim(-1), .max_wavelength = c.config.get("max_wavelength", 10000.0), .dtype = kDType}, x);
}

KerasLayer token_and_position_embedding(Case& c) {
  const Tensor ids = c.x();
  const std::int64_t start = c.call.get<std::int64_t>("start_index", 0);
  return built(std::make_unique<TokenAndPositionEmbedding>(
                   TokenAndPositionEmbedding::Config{.vocabulary_size = c.config.get<std::int64_t>("vocabulary_size", 0),
                                                     .sequence_length = c.config.get<std::int64_t>("sequence_length", 0),
                                                     .embedding_dim = c.config.get<std::int64_t>("embedding_dim", 0),
                                                     .tie_weights = c.config.get("tie_weights", true),
                                                     .dtype = kDType}),
               [=](const TokenAndPositionEmbedding& layer) {
                 return std::vector{batched(layer.forward(ids.reshape({ids.size()}), layout_of(ids), start), ids)};
               });
}

/// Axis and extents of a normalisation.
template <class Config>
void set_axis(Case& c, const Tensor& x, Config& config) {
  config.axis = c.config.json("axis").is_null() ? std::vector<std::int64_t>{-1} : shape_of(c.config.json("axis"));
  if (config.axis == std::vector<std::int64_t>{-1}) {
    config.axis.clear();
    config.dim = x.dim(-1);
  }
  for (const std::int64_t axis : config.axis) config.shape.push_back(x.dim(static_cast<int>(axis)));
}

KerasLayer layer_normalization(Case& c) {
  const Tensor x = c.x();
  LayerNormalization::Config config{
      .epsilon = c.config.get("epsilon", 1e-3), .center = c.config.get("center", true), .scale = c.config.get("scale", true), .dtype = kDType};
  set_axis(c, x, config);
  return unary<LayerNormalization>(config, x);
}

KerasLayer rms_normalization(Case& c) {
  const Tensor x = c.x();
  RMSNormalization::Config config{.epsilon = c.config.get("epsilon", 1e-6), .dtype = kDType};
  set_axis(c, x, config);
  return unary<RMSNormalization>(config, x);
}

KerasLayer softmax(Case& c) {
  const Tensor x = c.x(), mask = c.argument("mask");
  if (c.config.json("axis").is_array()) throw NotTranslated("Softmax over several axes");
  return built(std::make_unique<Softmax>(Softmax::Config{.axis = c.config.get<std::int64_t>("axis", -1)}),
               [=](const Softmax& layer) { return std::vector{mask.defined() ? layer.forward(x, mask) : layer.forward(x)}; });
}

KerasLayer activation(Case& c) { return unary<layers::Activation>({.activation = c.config.get<std::string>("activation", "linear")}, c.x()); }
KerasLayer dropout(Case& c) { return unary<Dropout>({.rate = c.config.get("rate", 0.0)}, c.x()); }

KerasLayer global_average_pooling(Case& c) {
  const Tensor x = c.x(), mask = c.argument("mask");
  return built(std::make_unique<GlobalAveragePooling1D>(GlobalAveragePooling1D::Config{.keepdims = c.config.get("keepdims", false)}),
               [=](const GlobalAveragePooling1D& layer) { return std::vector{mask.defined() ? layer.forward(x, mask) : layer.forward(x)}; });
}

std::optional<std::int64_t> optional(Reader& config, const std::string& key) {
  const Json value = config.json(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
}

/// The places that both masks keep; either may be undefined.
Tensor both(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() ? a : b;
  Tensor result = a.clone();
  for (std::size_t i = 0; i < result.mutable_data<std::int32_t>().size(); ++i) result.mutable_data<std::int32_t>()[i] &= b.data<std::int32_t>()[i];
  return result;
}

KerasLayer multi_head_attention(Case& c) {
  const Tensor query = c.argument("query"), value = c.argument("value"), key = c.argument("key");
  // Keras reads a mask of the queries only where an earlier layer attached it to the tensor; the argument is overwritten unread.
  c.argument("query_mask");
  const Tensor key_mask = both(c.argument("value_mask"), c.argument("key_mask"));
  const bool self = query.grad_slot() == value.grad_slot() && !key.defined();
  const MultiHeadAttention::Masks masks{.attention = c.argument("attention_mask"), .causal = c.call.get("use_causal_mask", false)};
  if (c.config.json("output_shape").is_array()) throw NotTranslated("MultiHeadAttention with several output axes");
  const bool scores = c.call.get("return_attention_scores", false);
  MultiHeadAttention::Config config{.num_heads = c.config.get<std::int64_t>("num_heads", 0),
                                    .key_dim = c.config.get<std::int64_t>("key_dim", 0),
                                    .value_dim = optional(c.config, "value_dim"),
                                    .query_dim = query.dim(-1),
                                    .input_dim = value.dim(-1),
                                    .output_dim = optional(c.config, "output_shape"),
                                    .dropout = c.config.get("dropout", 0.0),
                                    .use_bias = c.config.get("use_bias", true),
                                    .dtype = kDType};
  if (key.defined()) config.key_input_dim = key.dim(-1);
  return built(std::make_unique<MultiHeadAttention>(config), [=](const MultiHeadAttention& layer) {
    MultiHeadAttention::Inputs inputs{.query = flat(query), .queries = layout_of(query, self ? key_mask : Tensor()), .masks = masks};
    if (!self) {
      inputs.value = flat(value);
      inputs.values = layout_of(value, key_mask);
      if (key.defined()) inputs.key = flat(key);
    }
    if (!scores) return std::vector{batched(layer.forward(inputs), query)};
    const ops::AttentionWithScores result = layer.forward_with_scores(inputs);
    return std::vector{batched(result.output, query), result.scores};
  });
}

KerasLayer transformer_encoder(Case& c) {
  const Tensor x = c.x(), padding = c.argument("padding_mask"), attention = c.argument("attention_mask");
  const bool scores = c.call.get("return_attention_scores", false);
  return built(std::make_unique<TransformerEncoder>(TransformerEncoder::Config{.hidden_dim = x.dim(-1),
                                                                               .intermediate_dim = c.config.get<std::int64_t>("intermediate_dim", 0),
                                                                               .num_heads = c.config.get<std::int64_t>("num_heads", 0),
                                                                               .dropout = c.config.get("dropout", 0.0),
                                                                               .activation = c.config.get<std::string>("activation", "relu"),
                                                                               .layer_norm_epsilon = c.config.get("layer_norm_epsilon", 1e-5),
                                                                               .normalize_first = c.config.get("normalize_first", false),
                                                                               .dtype = kDType}),
               [=](const TransformerEncoder& layer) {
                 const SequenceLayout layout = layout_of(x, padding);
                 if (!scores) return std::vector{batched(layer.forward(flat(x), layout, attention), x)};
                 const ops::AttentionWithScores result = layer.forward_with_scores(flat(x), layout, attention);
                 return std::vector{batched(result.output, x), result.scores};
               });
}

KerasLayer masked_lm_head(Case& c) {
  const Tensor x = c.x(), mask_positions = c.argument("mask_positions");
  std::unique_ptr<ReversibleEmbedding> embedding;
  if (const Json tied = c.config.json("token_embedding"); !tied.is_null()) {
    const Json holder{{"token_embedding", tied}};
    Reader config(holder, "token_embedding");
    embedding = std::make_unique<ReversibleEmbedding>(reversible_config(config));
    config.finish();
  }
  const MaskedLMHead::Config config{.vocabulary_size = c.config.get<std::int64_t>("vocabulary_size", embedding ? embedding->config().input_dim : 0),
                                    .hidden_dim = x.dim(-1),
                                    .intermediate_activation = c.config.get<std::string>("intermediate_activation", "relu"),
                                    .activation = c.config.get<std::string>("activation", "linear"),
                                    .layer_norm_epsilon = c.config.get("layer_norm_epsilon", 1e-5),
                                    .dtype = kDType};
  auto head = embedding ? std::make_unique<MaskedLMHead>(config, *embedding) : std::make_unique<MaskedLMHead>(config);
  KerasLayer result = built(std::move(head), [=](const MaskedLMHead& layer) { return std::vector{layer.forward(x, mask_positions)}; });
  if (embedding) {
    for (const Parameter& parameter : embedding->parameters()) result.parameters.push_back({"token_embedding/" + parameter.path, parameter.tensor});
    result.layers.insert(result.layers.begin(), std::move(embedding));
  }
  return result;
}

}  // namespace

KerasLayer make_keras_layer(const nlohmann::json& entry, const NamedTensors& inputs) {
  static const std::map<std::string, KerasLayer (*)(Case&)> classes{
      {"keras.Activation", activation},
      {"keras.Dense", dense},
      {"keras.Dropout", dropout},
      {"keras.EinsumDense", einsum_dense},
      {"keras.Embedding", embedding},
      {"keras.GlobalAveragePooling1D", global_average_pooling},
      {"keras.LayerNormalization", layer_normalization},
      {"keras.MultiHeadAttention", multi_head_attention},
      {"keras.RMSNormalization", rms_normalization},
      {"keras.Softmax", softmax},
      {"keras_hub.MaskedLMHead", masked_lm_head},
      {"keras_hub.PositionEmbedding", position_embedding},
      {"keras_hub.ReversibleEmbedding", reversible_embedding},
      {"keras_hub.SinePositionEncoding", sine_position_encoding},
      {"keras_hub.TokenAndPositionEmbedding", token_and_position_embedding},
      {"keras_hub.TransformerEncoder", transformer_encoder},
  };
  const std::string name = entry.at("class");
  const auto found = classes.find(name);
  if (found == classes.end()) throw NotTranslated("class " + name);
  Case translated(entry, inputs);
  KerasLayer layer = found->second(translated);
  translated.finish();
  return layer;
}

}  // namespace linnet::testing
