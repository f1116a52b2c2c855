#include "framework/layers/multi_head_attention.h"

#include <array>

#include "framework/layers/registry.h"
#include "framework/ops/embedding.h"

namespace linnet {
namespace {

const bool registered = register_layer<MultiHeadAttention>("MultiHeadAttention");

/// The config with every optional size filled in.
MultiHeadAttention::Config resolved(MultiHeadAttention::Config config) {
  check(config.num_heads > 0, "MultiHeadAttention: num_heads must be positive, got ", config.num_heads);
  check(config.key_dim > 0, "MultiHeadAttention: key_dim must be positive, got ", config.key_dim);
  check(config.query_dim > 0, "MultiHeadAttention: query_dim must be positive, got ", config.query_dim);
  config.value_dim = config.value_dim.value_or(config.key_dim);
  config.input_dim = config.input_dim.value_or(config.query_dim);
  config.output_dim = config.output_dim.value_or(config.query_dim);
  return config;
}

EinsumDense::Config projection(const MultiHeadAttention::Config& config, Shape input_shape, Shape output_shape) {
  return {.input_shape = std::move(input_shape),
          .output_shape = std::move(output_shape),
          .use_bias = config.use_bias,
          .kernel_initializer = config.kernel_initializer,
          .bias_initializer = config.bias_initializer,
          .dtype = config.dtype};
}

ops::DenseWeights weights_of(const EinsumDense& layer) { return {layer.kernel(), layer.bias()}; }

}  // namespace

void MultiHeadAttention::Config::fields(FieldVisitor& field) {
  field("num_heads", num_heads);
  field("key_dim", key_dim);
  field("value_dim", value_dim);
  field("query_dim", query_dim);
  field("input_dim", input_dim);
  field("output_dim", output_dim);
  field("dropout", dropout);
  field("use_bias", use_bias);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
}

MultiHeadAttention::MultiHeadAttention(const Config& config)
    : config_(resolved(config)),
      query_dense_(add<EinsumDense>("query_dense", projection(config_, {config_.query_dim}, {config_.num_heads, config_.key_dim}), "query")),
      key_dense_(add<EinsumDense>("key_dense", projection(config_, {*config_.input_dim}, {config_.num_heads, config_.key_dim}), "key")),
      value_dense_(add<EinsumDense>("value_dense", projection(config_, {*config_.input_dim}, {config_.num_heads, *config_.value_dim}), "value")),
      dropout_layer_(add<Dropout>("_dropout_layer", {config_.dropout}, "dropout")),
      output_dense_(
          add<EinsumDense>("output_dense", projection(config_, {config_.num_heads, *config_.value_dim}, {*config_.output_dim}), "attention_output")) {
  add<Softmax>("_softmax", {}, "softmax");  // fused into ops::attention; files have a place for it
}

ops::AttentionOptions MultiHeadAttention::options(const Masks& masks) const {
  // Keras takes a path without a Softmax layer when dropout is 0; there a row without any key attends to all alike.
  return {.num_heads = config_.num_heads,
          .key_dim = config_.key_dim,
          .value_dim = *config_.value_dim,
          .causal = masks.causal,
          .uniform_without_keys = config_.dropout == 0,
          .dropout = dropout_layer_.config().rate};
}

Tensor MultiHeadAttention::forward(const Tensor& x, const SequenceLayout& layout, const Masks& masks) const {
  const std::array parts{weights_of(query_dense_), weights_of(key_dense_), weights_of(value_dense_)};
  const Tensor all = ops::concatenated_dense(x, parts);
  const std::int64_t keys = config_.num_heads * config_.key_dim, values = config_.num_heads * *config_.value_dim;
  return output_dense_(ops::attention({all, 0, keys}, {all, keys, keys}, {all, 2 * keys, values}, layout, layout, masks.attention, options(masks)));
}

Tensor MultiHeadAttention::forward(const Tensor& query, const SequenceLayout& query_layout, const Tensor& value, const SequenceLayout& value_layout,
                                   const Masks& masks) const {
  const std::array parts{weights_of(key_dense_), weights_of(value_dense_)};
  const Tensor both = ops::concatenated_dense(value, parts);
  const std::int64_t keys = config_.num_heads * config_.key_dim, values = config_.num_heads * *config_.value_dim;
  return output_dense_(
      ops::attention(query_dense_(query), {both, 0, keys}, {both, keys, values}, query_layout, value_layout, masks.attention, options(masks)));
}

Tensor MultiHeadAttention::forward_first_rows(const Tensor& x, const SequenceLayout& layout) const {
  return forward(ops::first_rows(x, layout), layout.first_rows(), x, layout, {});
}

}  // namespace linnet
