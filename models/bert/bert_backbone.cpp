#include "models/bert/bert_backbone.h"

#include "framework/io/lora_weights.h"
#include "framework/layers/lora.h"
#include "framework/layers/registry.h"
#include "framework/ops/dropout.h"
#include "framework/ops/embedding.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {

const bool registered = register_layer<BertBackbone>("BertBackbone");
constexpr double kLayerNormEpsilon = 1e-12;

Initializer initializer() { return Initializer::truncated_normal(0.02); }

const BertBackbone::Config& checked(const BertBackbone::Config& config) {
  BertBackbone::check_config(config);
  return config;
}

TransformerEncoder::Config encoder_config(const BertBackbone::Config& config) {
  return {.hidden_dim = config.hidden_dim,
          .intermediate_dim = config.intermediate_dim,
          .num_heads = config.num_heads,
          .dropout = config.dropout,
          .activation = config.activation,
          .layer_norm_epsilon = kLayerNormEpsilon,
          .kernel_initializer = initializer(),
          .dtype = config.dtype};
}

/// Padded inputs as one row a token, padding rows included.
PackedTokens flattened(const BertInputs& inputs) {
  check(inputs.token_ids.shape().size() == 2, "BertBackbone: token_ids must have shape (batch, length), got ", inputs.token_ids.shape());
  const Shape& shape = inputs.token_ids.shape();
  check(inputs.segment_ids.shape() == shape, "BertBackbone: segment_ids must have the shape of token_ids ", shape, ", got ",
        inputs.segment_ids.shape());
  check(inputs.padding_mask.shape() == shape, "BertBackbone: padding_mask must have the shape of token_ids ", shape, ", got ",
        inputs.padding_mask.shape());
  const std::int64_t tokens = inputs.token_ids.size();
  return {inputs.token_ids.reshape({tokens}), inputs.segment_ids.reshape({tokens}), SequenceLayout::padded(shape[0], shape[1], inputs.padding_mask)};
}

}  // namespace

void BertBackbone::Config::fields(FieldVisitor& field) {
  field("vocabulary_size", vocabulary_size);
  field("num_layers", num_layers);
  field("num_heads", num_heads);
  field("hidden_dim", hidden_dim);
  field("intermediate_dim", intermediate_dim);
  field("dropout", dropout);
  field("max_sequence_length", max_sequence_length);
  field("num_segments", num_segments);
  field("activation", activation);
  field("dtype", dtype);
}

void BertBackbone::check_config(const Config& config) {
  const auto positive = [](std::string_view name, std::int64_t value) { check(value > 0, "BertBackbone: ", name, " must be positive, got ", value); };
  positive("vocabulary_size", config.vocabulary_size);
  positive("hidden_dim", config.hidden_dim);
  positive("intermediate_dim", config.intermediate_dim);
  positive("max_sequence_length", config.max_sequence_length);
  positive("num_segments", config.num_segments);
  check(config.num_layers >= 0 && config.num_layers <= 10000, "BertBackbone: num_layers must be 0 to 10000, got ", config.num_layers);
  check(config.num_heads > 0 && config.num_heads <= config.hidden_dim, "BertBackbone: num_heads must be 1 to hidden_dim ", config.hidden_dim,
        ", got ", config.num_heads);
  check(is_elementwise(activation_from_name(config.activation)), "BertBackbone: activation must be elementwise, got '", config.activation, "'");
  check(config.dropout >= 0 && config.dropout <= 1, "BertBackbone: dropout must lie in [0, 1], got ", config.dropout);
}

double BertBackbone::expected_parameters(const Config& config) {
  const auto d = static_cast<double>(config.hidden_dim), i = static_cast<double>(config.intermediate_dim);
  // Heads of hidden_dim / num_heads columns, rounded down: a column or so less than d in all where that does not divide.
  const auto heads = static_cast<double>(config.num_heads * (config.hidden_dim / config.num_heads));
  const double rows =
      static_cast<double>(config.vocabulary_size) + static_cast<double>(config.max_sequence_length) + static_cast<double>(config.num_segments);
  const double attention = 3 * (d * heads + heads) + heads * d + d, feedforward = 2 * d * i + i + d;
  return rows * d + 2 * d + static_cast<double>(config.num_layers) * (attention + feedforward + 4 * d) + d * d + d;
}

BertBackbone::BertBackbone(const Config& config)
    : config_(checked(config)),
      token_embedding_(add<ReversibleEmbedding>(
          "token_embedding",
          {.input_dim = config.vocabulary_size, .output_dim = config.hidden_dim, .embeddings_initializer = initializer(), .dtype = config.dtype})),
      position_embedding_(add<PositionEmbedding>(
          "position_embedding",
          {.sequence_length = config.max_sequence_length, .output_dim = config.hidden_dim, .initializer = initializer(), .dtype = config.dtype})),
      segment_embedding_(add<Embedding>(
          "segment_embedding",
          {.input_dim = config.num_segments, .output_dim = config.hidden_dim, .embeddings_initializer = initializer(), .dtype = config.dtype})),
      embeddings_add_(add<Add>("embeddings_add", {})),
      embeddings_layer_norm_(
          add<LayerNormalization>("embeddings_layer_norm", {.dim = config.hidden_dim, .epsilon = kLayerNormEpsilon, .dtype = config.dtype})),
      embeddings_dropout_(add<Dropout>("embeddings_dropout", {config.dropout})),
      transformer_layers_([&] {
        std::vector<TransformerEncoder*> layers;
        for (std::int64_t i = 0; i < config.num_layers; ++i)
          layers.push_back(&add<TransformerEncoder>(cat("transformer_layer_", i), encoder_config(config)));
        return layers;
      }()),
      pooled_dense_(add<Dense>("pooled_dense", {.input_dim = config.hidden_dim,
                                                .units = config.hidden_dim,
                                                .activation = "tanh",
                                                .kernel_initializer = initializer(),
                                                .dtype = config.dtype})) {
  for (const char* input : {"token_ids", "segment_ids", "padding_mask"}) add<InputLayer>(input, {});
}

void BertBackbone::enable_lora(std::int64_t rank, const std::vector<std::string>& targets) { linnet::enable_lora(*this, rank, targets); }
void BertBackbone::save_lora_weights(const std::filesystem::path& file) const { linnet::save_lora_weights(*this, file); }
void BertBackbone::load_lora_weights(const std::filesystem::path& file) { linnet::load_lora_weights(*this, file); }

BertOutputs BertBackbone::forward(const BertInputs& inputs) const {
  const PackedTokens tokens = flattened(inputs);
  const BertOutputs outputs = forward(tokens);
  const Shape& shape = inputs.token_ids.shape();
  return {ops::reshape(outputs.sequence_output, {shape[0], shape[1], config_.hidden_dim}), outputs.pooled_output};
}

BertOutputs BertBackbone::forward(const PackedTokens& tokens) const {
  const Tensor x = encode(embed(tokens), tokens.layout);
  return {x, pool(x, tokens.layout)};
}

Tensor BertBackbone::pooled_output(const PackedTokens& tokens) const {
  Tensor x = embed(tokens);
  if (transformer_layers_.empty()) return pool(x, tokens.layout);
  for (std::size_t i = 0; i + 1 < transformer_layers_.size(); ++i) x = transformer_layers_[i]->forward(x, tokens.layout);
  return pooled_dense_(transformer_layers_.back()->forward_first_rows(x, tokens.layout));
}

Tensor BertBackbone::embed(const PackedTokens& tokens) const {
  check(tokens.token_ids.shape() == Shape{tokens.layout.tokens()}, "BertBackbone: token_ids must have one element a token ",
        Shape{tokens.layout.tokens()}, ", got ", tokens.token_ids.shape());
  check(tokens.segment_ids.shape() == tokens.token_ids.shape(), "BertBackbone: segment_ids must have the shape of token_ids ",
        tokens.token_ids.shape(), ", got ", tokens.segment_ids.shape());
  const Tensor sum = embeddings_add_.forward(embeddings_add_.forward(token_embedding_(tokens.token_ids), position_embedding_.forward(tokens.layout)),
                                             segment_embedding_(tokens.segment_ids));
  return ops::dropout(embeddings_layer_norm_(sum), embeddings_dropout_.config().rate, &tokens.layout);
}

Tensor BertBackbone::encode(const Tensor& x, const SequenceLayout& layout) const {
  Tensor y = x;
  for (const TransformerEncoder* layer : transformer_layers_) y = layer->forward(y, layout);
  return y;
}

std::vector<std::string> BertBackbone::layer_patterns() const {
  std::vector<std::string> patterns{"(^|/)((token|position|segment)_embedding|embeddings_layer_norm)/"};
  for (std::size_t i = 0; i < transformer_layers_.size(); ++i) patterns.push_back(cat("(^|/)transformer_layer_", i, "/"));
  return patterns;
}

Tensor BertBackbone::pool(const Tensor& x, const SequenceLayout& layout) const { return pooled_dense_(ops::first_rows(x, layout)); }

}  // namespace linnet
