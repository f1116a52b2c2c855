#include "framework/layers/masked_lm_head.h"

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/activations.h"
#include "framework/ops/cast.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"
#include "framework/ops/matmul.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {

const bool registered = register_layer<MaskedLMHead>("MaskedLMHead");

const MaskedLMHead::Config& checked(const MaskedLMHead::Config& config, const ReversibleEmbedding* embedding) {
  check(config.vocabulary_size > 0, "MaskedLMHead: vocabulary_size must be positive, got ", config.vocabulary_size);
  check(config.hidden_dim > 0, "MaskedLMHead: hidden_dim must be positive, got ", config.hidden_dim);
  if (!embedding) return config;
  const Shape expected{config.vocabulary_size, config.hidden_dim};
  check(embedding->embeddings().shape() == expected, "MaskedLMHead: token_embedding must have shape ", expected, ", got ",
        embedding->embeddings().shape());
  return config;
}

}  // namespace

void MaskedLMHead::Config::fields(FieldVisitor& field) {
  field("vocabulary_size", vocabulary_size);
  field("hidden_dim", hidden_dim);
  field("intermediate_activation", intermediate_activation);
  field("activation", activation);
  field("layer_norm_epsilon", layer_norm_epsilon);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
}

MaskedLMHead::MaskedLMHead(const Config& config, const ReversibleEmbedding* token_embedding)
    : config_(checked(config, token_embedding)),
      activation_(activation_from_name(config.activation)),
      token_embedding_(token_embedding),
      intermediate_dense_(add<Dense>("_intermediate_dense",
                                     {.input_dim = config.hidden_dim,
                                      .units = config.hidden_dim,
                                      .activation = config.intermediate_activation,
                                      .kernel_initializer = config.kernel_initializer,
                                      .bias_initializer = config.bias_initializer,
                                      .dtype = config.dtype},
                                     "intermediate_dense")),
      intermediate_layer_norm_(add<LayerNormalization>("_intermediate_layer_norm",
                                                       {.dim = config.hidden_dim, .epsilon = config.layer_norm_epsilon, .dtype = config.dtype},
                                                       "intermediate_layer_norm")) {
  const DType dtype = config.dtype.variable;
  if (!token_embedding_) output_kernel_ = add_weight("output_kernel", {config.hidden_dim, config.vocabulary_size}, config.kernel_initializer, dtype);
  output_bias_ = add_weight("output_bias", {config.vocabulary_size}, config.bias_initializer, dtype);
}

Tensor MaskedLMHead::forward(const Tensor& x, const Tensor& mask_positions) const {
  check(x.shape().size() == 3 && x.dim(2) == config_.hidden_dim, "MaskedLMHead: input must have shape (batch, length, ", config_.hidden_dim,
        "), got ", x.shape());
  const std::int64_t batch = x.dim(0), length = x.dim(1);
  const Tensor rows = ops::embedding(ops::reshape(x, {batch * length, config_.hidden_dim}), rows_of_positions(mask_positions, batch, length));
  return ops::reshape(forward_rows(rows), {batch, mask_positions.dim(1), config_.vocabulary_size});
}

Tensor MaskedLMHead::forward_rows(const Tensor& rows) const {
  const Tensor hidden = intermediate_layer_norm_(intermediate_dense_(rows));
  const Tensor logits = token_embedding_ ? token_embedding_->reverse(hidden) : ops::matmul(hidden, autocast_weight(output_kernel_, config_.dtype));
  // Keras does not cast the bias: under a mixed policy the logits are float32.
  return ops::activate(ops::add(ops::cast(logits, output_bias_.dtype()), output_bias_), activation_);
}

Tensor rows_of_positions(const Tensor& positions, std::int64_t batch, std::int64_t length) {
  check(positions.shape().size() == 2 && positions.dim(0) == batch, "mask_positions: must have shape (", batch, ", masked), got ", positions.shape());
  const std::int64_t masked = positions.dim(1);
  Tensor rows = Tensor::empty({batch * masked}, DType::int32);
  const std::span<std::int32_t> to = rows.mutable_data<std::int32_t>();
  const std::span<const std::int32_t> from = positions.data<std::int32_t>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    check(from[i] >= 0 && from[i] < length, "mask_positions: must lie in [0, ", length, "), got ", from[i], " at position ", i);
    to[i] = static_cast<std::int32_t>(static_cast<std::int64_t>(i) / masked * length) + from[i];
  }
  return rows;
}

}  // namespace linnet
