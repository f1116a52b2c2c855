#include "framework/layers/multi_head_attention.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "framework/layers/autocast.h"
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
  config.key_input_dim = config.key_input_dim.value_or(*config.input_dim);
  config.output_dim = config.output_dim.value_or(config.query_dim);
  return config;
}

/// The letters of `equation` are Keras'. `input` and `output` are extents without batch and length.
EinsumDense::Config projection(const MultiHeadAttention::Config& config, const std::string& equation, const std::string& bias_axes,
                               const Shape& input, const Shape& output) {
  Shape input_shape{0}, output_shape{0};
  input_shape.insert(input_shape.end(), input.begin(), input.end());
  output_shape.insert(output_shape.end(), output.begin(), output.end());
  return {.equation = equation,
          .input_shape = input_shape,
          .output_shape = output_shape,
          .bias_axes = config.use_bias ? bias_axes : "",
          .kernel_initializer = config.kernel_initializer,
          .bias_initializer = config.bias_initializer,
          .dtype = config.dtype};
}

EinsumDense::Config into_heads(const MultiHeadAttention::Config& config, std::int64_t columns, std::int64_t head_dim) {
  return projection(config, "abc,cde->abde", "de", {columns}, {config.num_heads, head_dim});
}

EinsumDense::Config out_of_heads(const MultiHeadAttention::Config& config) {
  return projection(config, "abcd,cde->abe", "e", {config.num_heads, *config.value_dim}, {*config.output_dim});
}

/// The layers' results for x side by side in one buffer, if they are of one kind and so can be; else undefined.
Tensor side_by_side(const Tensor& x, std::initializer_list<const EinsumDense*> layers) {
  if (std::ranges::any_of(layers, [](const EinsumDense* layer) { return layer->lora_enabled(); })) return {};
  const auto int8 = std::ranges::count_if(layers, [](const EinsumDense* layer) { return layer->is_int8(); });
  if (int8 == 0) {
    std::vector<ops::DenseWeights> parts;
    for (const EinsumDense* layer : layers) parts.push_back(layer->cast_weights());
    return ops::concatenated_dense(x, parts);
  }
  if (int8 < static_cast<std::ptrdiff_t>(layers.size())) return {};
  std::vector<ops::Int8Weights> parts;
  for (const EinsumDense* layer : layers) parts.push_back(layer->int8_weights());
  return ops::int8_dense(x, parts);
}

/// `mask` and the queries' own mask as one, with the shape that ops::attention wants; undefined when there is neither.
ops::AttentionMask merged(const MultiHeadAttention::Masks& masks, std::int64_t heads, const SequenceLayout& queries, const SequenceLayout& keys) {
  const Tensor& mask = masks.attention.visible;
  if (!mask.defined() && !masks.queries.defined()) return {};
  const std::int64_t batch = queries.batch(), rows = queries.max_length(), columns = keys.max_length();
  Shape from = mask.defined() ? mask.shape() : Shape{1, 1, 1}, to{batch, rows, columns};
  if (from.size() == 4 && from[1] == 1) from.erase(from.begin() + 1);
  if (from.size() == 4) to.insert(to.begin() + 1, heads);
  if (from == to && !masks.queries.defined()) return mask.reshape(to);
  bool fits = from.size() == to.size();
  for (std::size_t axis = 0; fits && axis < to.size(); ++axis) fits = from[axis] == to[axis] || from[axis] == 1;
  check(fits, "MultiHeadAttention: attention mask must stretch to ", to, ", got ", from);
  check(!masks.queries.defined() || masks.queries.shape() == Shape{batch, rows}, "MultiHeadAttention: query mask must have shape ",
        Shape{batch, rows}, ", got ", masks.queries.defined() ? masks.queries.shape() : Shape{});

  Tensor result = Tensor::empty(to, DType::int32);
  const std::span<std::int32_t> out = result.mutable_data<std::int32_t>();
  const std::span<const std::int32_t> own = mask.defined() ? mask.data<std::int32_t>() : std::span<const std::int32_t>();
  const std::span<const std::int32_t> query = masks.queries.defined() ? masks.queries.data<std::int32_t>() : std::span<const std::int32_t>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::size_t at = 0, step = 1, left = i;
    for (std::size_t axis = to.size(); axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(to[axis]);
      if (from[axis] != 1) {
        at += left % extent * step;
        step *= extent;
      }
      left /= extent;
    }
    const std::size_t row = i / static_cast<std::size_t>(columns), sequence = i / (out.size() / static_cast<std::size_t>(batch));
    const bool seen = query.empty() || query[sequence * static_cast<std::size_t>(rows) + row % static_cast<std::size_t>(rows)] != 0;
    out[i] = seen && (own.empty() || own[at] != 0);
  }
  return result;
}

}  // namespace

void MultiHeadAttention::Config::fields(FieldVisitor& field) {
  field("num_heads", num_heads);
  field("key_dim", key_dim);
  field("value_dim", value_dim);
  field("query_dim", query_dim);
  field("input_dim", input_dim);
  field("key_input_dim", key_input_dim);
  field("output_dim", output_dim);
  field("dropout", dropout);
  field("use_bias", use_bias);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
}

MultiHeadAttention::MultiHeadAttention(const Config& config)
    : config_(resolved(config)),
      query_dense_(add<EinsumDense>("query_dense", into_heads(config_, config_.query_dim, config_.key_dim), "query")),
      key_dense_(add<EinsumDense>("key_dense", into_heads(config_, *config_.key_input_dim, config_.key_dim), "key")),
      value_dense_(add<EinsumDense>("value_dense", into_heads(config_, *config_.input_dim, *config_.value_dim), "value")),
      dropout_layer_(add<Dropout>("_dropout_layer", {config_.dropout}, "dropout")),
      output_dense_(add<EinsumDense>("output_dense", out_of_heads(config_), "attention_output")) {
  add<Softmax>("_softmax", {}, "softmax");  // fused into ops::attention; files have a place for it
}

ops::AttentionOptions MultiHeadAttention::options(const Masks& masks, bool with_scores) const {
  // Keras takes a path without a Softmax layer when dropout is 0; there a row without any key attends to all alike.
  return {.num_heads = config_.num_heads,
          .key_dim = config_.key_dim,
          .value_dim = *config_.value_dim,
          .causal = masks.causal,
          .uniform_without_keys = config_.dropout == 0 && !with_scores,
          .dropout = dropout_layer_.config().rate};
}

/// What ops::attention takes.
struct MultiHeadAttention::Projections {
  ops::ColumnRange query, key, value;
  const SequenceLayout& keys;
};

/// Projections of the same input share one buffer, and its gradient one product.
MultiHeadAttention::Projections MultiHeadAttention::project(const Inputs& inputs) const {
  const std::int64_t keys = config_.num_heads * config_.key_dim, values = config_.num_heads * *config_.value_dim;
  if (!inputs.value.defined()) {
    const Tensor all = side_by_side(autocast(inputs.query, config_.dtype), {&query_dense_, &key_dense_, &value_dense_});
    if (all.defined()) return {{all, 0, keys}, {all, keys, keys}, {all, 2 * keys, values}, inputs.queries};
  }
  const Tensor query = query_dense_.forward_rows(inputs.query);
  if (inputs.key.defined()) return {query, key_dense_.forward_rows(inputs.key), value_dense_.forward_rows(inputs.value), inputs.values};
  const Tensor& value = inputs.value.defined() ? inputs.value : inputs.query;
  const SequenceLayout& layout = inputs.value.defined() ? inputs.values : inputs.queries;
  const Tensor both = side_by_side(autocast(value, config_.dtype), {&key_dense_, &value_dense_});
  if (!both.defined()) return {query, key_dense_.forward_rows(value), value_dense_.forward_rows(value), layout};
  return {query, {both, 0, keys}, {both, keys, values}, layout};
}

Tensor MultiHeadAttention::forward(const Inputs& inputs) const {
  const Projections to = project(inputs);
  return output_dense_.forward_rows(ops::attention(to.query, to.key, to.value, inputs.queries, to.keys,
                                                   merged(inputs.masks, config_.num_heads, inputs.queries, to.keys), options(inputs.masks, false)));
}

ops::AttentionWithScores MultiHeadAttention::forward_with_scores(const Inputs& inputs) const {
  const Projections to = project(inputs);
  const auto [output, scores] =
      ops::attention_with_scores(to.query, to.key, to.value, inputs.queries, to.keys,
                                 merged(inputs.masks, config_.num_heads, inputs.queries, to.keys), options(inputs.masks, true));
  return {output_dense_.forward_rows(output), scores};
}

Tensor MultiHeadAttention::forward(const Tensor& x, const SequenceLayout& layout, const Masks& masks) const {
  return forward({.query = x, .queries = layout, .masks = masks});
}

Tensor MultiHeadAttention::forward(const Tensor& query, const SequenceLayout& query_layout, const Tensor& value, const SequenceLayout& value_layout,
                                   const Masks& masks) const {
  return forward({.query = query, .queries = query_layout, .value = value, .values = value_layout, .masks = masks});
}

Tensor MultiHeadAttention::forward_first_rows(const Tensor& x, const SequenceLayout& layout) const {
  return forward(ops::first_rows(x, layout), layout.first_rows(), x, layout, {});
}

}  // namespace linnet
