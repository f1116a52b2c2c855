#include "framework/layers/transformer_encoder.h"

#include "framework/autograd/checkpoint.h"
#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/dropout.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"

namespace linnet {
namespace {

const bool registered = register_layer<TransformerEncoder>("TransformerEncoder");

const TransformerEncoder::Config& checked(const TransformerEncoder::Config& config) {
  check(config.hidden_dim > 0, "TransformerEncoder: hidden_dim must be positive, got ", config.hidden_dim);
  check(config.intermediate_dim > 0, "TransformerEncoder: intermediate_dim must be positive, got ", config.intermediate_dim);
  check(config.num_heads > 0 && config.num_heads <= config.hidden_dim, "TransformerEncoder: num_heads must be 1 to hidden_dim ", config.hidden_dim,
        ", got ", config.num_heads);
  return config;
}

MultiHeadAttention::Config attention_config(const TransformerEncoder::Config& config) {
  return {.num_heads = config.num_heads,
          .key_dim = config.hidden_dim / config.num_heads,
          .query_dim = config.hidden_dim,
          .dropout = config.dropout,
          .kernel_initializer = config.kernel_initializer,
          .bias_initializer = config.bias_initializer,
          .dtype = config.dtype};
}

LayerNormalization::Config norm_config(const TransformerEncoder::Config& config) {
  return {.dim = config.hidden_dim, .epsilon = config.layer_norm_epsilon, .dtype = config.dtype};
}

Dense::Config dense_config(const TransformerEncoder::Config& config, std::int64_t input_dim, std::int64_t units, const std::string& activation) {
  return {.input_dim = input_dim,
          .units = units,
          .activation = activation,
          .kernel_initializer = config.kernel_initializer,
          .bias_initializer = config.bias_initializer,
          .dtype = config.dtype};
}

}  // namespace

void TransformerEncoder::Config::fields(FieldVisitor& field) {
  field("hidden_dim", hidden_dim);
  field("intermediate_dim", intermediate_dim);
  field("num_heads", num_heads);
  field("dropout", dropout);
  field("activation", activation);
  field("layer_norm_epsilon", layer_norm_epsilon);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("normalize_first", normalize_first);
  field("dtype", dtype);
}

TransformerEncoder::TransformerEncoder(const Config& config)
    : config_(checked(config)),
      self_attention_layer_(add<MultiHeadAttention>("_self_attention_layer", attention_config(config), "self_attention_layer")),
      self_attention_layer_norm_(add<LayerNormalization>("_self_attention_layer_norm", norm_config(config), "self_attention_layer_norm")),
      self_attention_dropout_(add<Dropout>("_self_attention_dropout", {config.dropout}, "self_attention_dropout")),
      feedforward_layer_norm_(add<LayerNormalization>("_feedforward_layer_norm", norm_config(config), "feedforward_layer_norm")),
      feedforward_intermediate_dense_(add<Dense>("_feedforward_intermediate_dense",
                                                 dense_config(config, config.hidden_dim, config.intermediate_dim, config.activation),
                                                 "feedforward_intermediate_dense")),
      feedforward_output_dense_(add<Dense>("_feedforward_output_dense", dense_config(config, config.intermediate_dim, config.hidden_dim, "linear"),
                                           "feedforward_output_dense")),
      feedforward_dropout_(add<Dropout>("_feedforward_dropout", {config.dropout}, "feedforward_dropout")) {}

Tensor TransformerEncoder::forward(const Tensor& inputs, const SequenceLayout& layout, const ops::AttentionMask& mask) const {
  const Tensor x = autocast(inputs, config_.dtype);
  if (!checkpointing()) return block(x, layout, mask);
  return checkpoint([this, layout, mask](const Tensor& input) { return block(input, layout, mask); }, x);
}

Tensor TransformerEncoder::block(const Tensor& x, const SequenceLayout& layout, const ops::AttentionMask& mask) const {
  const Tensor input = config_.normalize_first ? self_attention_layer_norm_(x) : x;
  return feedforward_half(attention_half(self_attention_layer_.forward(input, layout, {.attention = mask}), x, layout), layout);
}

ops::AttentionWithScores TransformerEncoder::forward_with_scores(const Tensor& inputs, const SequenceLayout& layout,
                                                                 const ops::AttentionMask& mask) const {
  const Tensor start = autocast(inputs, config_.dtype);
  const auto run = [this, layout, mask](const Tensor& x) {
    const Tensor input = config_.normalize_first ? self_attention_layer_norm_(x) : x;
    const ops::AttentionWithScores both =
        self_attention_layer_.forward_with_scores({.query = input, .queries = layout, .masks = {.attention = mask}});
    return std::vector<Tensor>{feedforward_half(attention_half(both.output, x, layout), layout), both.scores};
  };
  const std::vector<Tensor> results = checkpointing() ? checkpoint(run, start) : run(start);
  return {results[0], results[1]};
}

Tensor TransformerEncoder::forward_first_rows(const Tensor& inputs, const SequenceLayout& layout) const {
  const Tensor x = autocast(inputs, config_.dtype);
  if (!checkpointing()) return first_rows_block(x, layout);
  return checkpoint([this, layout](const Tensor& input) { return first_rows_block(input, layout); }, x);
}

Tensor TransformerEncoder::first_rows_block(const Tensor& x, const SequenceLayout& layout) const {
  const Tensor input = config_.normalize_first ? self_attention_layer_norm_(x) : x;
  const SequenceLayout rows = layout.first_rows();
  return feedforward_half(attention_half(self_attention_layer_.forward_first_rows(input, layout), ops::first_rows(x, layout), rows), rows);
}

Tensor TransformerEncoder::attention_half(const Tensor& attention, const Tensor& residual, const SequenceLayout& layout) const {
  const double rate = self_attention_dropout_.config().rate;
  if (config_.normalize_first) return ops::add(ops::dropout(attention, rate, &layout), residual);
  return self_attention_layer_norm_.forward_residual(attention, residual, rate, &layout);
}

Tensor TransformerEncoder::feedforward_half(const Tensor& x, const SequenceLayout& layout) const {
  const double rate = feedforward_dropout_.config().rate;
  const Tensor input = config_.normalize_first ? feedforward_layer_norm_(x) : x;
  const Tensor output = feedforward_output_dense_(feedforward_intermediate_dense_(input));
  if (config_.normalize_first) return ops::add(ops::dropout(output, rate, &layout), x);
  return feedforward_layer_norm_.forward_residual(output, x, rate, &layout);
}

}  // namespace linnet
