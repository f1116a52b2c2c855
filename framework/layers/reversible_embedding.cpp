#include "framework/layers/reversible_embedding.h"

#include <array>

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/activations.h"
#include "framework/ops/dense.h"
#include "framework/ops/elementwise.h"

namespace linnet {
namespace {
const bool registered = register_layer<ReversibleEmbedding>("ReversibleEmbedding");
}

void ReversibleEmbedding::Config::fields(FieldVisitor& field) {
  field("input_dim", input_dim);
  field("output_dim", output_dim);
  field("tie_weights", tie_weights);
  field("embeddings_initializer", embeddings_initializer);
  field("logit_soft_cap", logit_soft_cap);
  field("dtype", dtype);
  field("lora_rank", lora_rank);
  field("lora_alpha", lora_alpha);
}

ReversibleEmbedding::ReversibleEmbedding(const Config& config) : config_(config) {
  check(config.input_dim > 0, "ReversibleEmbedding: input_dim must be positive, got ", config.input_dim);
  check(config.output_dim > 0, "ReversibleEmbedding: output_dim must be positive, got ", config.output_dim);
  check(!config.logit_soft_cap || *config.logit_soft_cap > 0, "ReversibleEmbedding: logit_soft_cap must be positive, got ",
        config.logit_soft_cap.value_or(0));
  add_main_weight("embeddings", {config.input_dim, config.output_dim}, config.embeddings_initializer, config.dtype);
  if (!config.tie_weights)
    reverse_embeddings_ =
        add_weight("reverse_embeddings", {config.output_dim, config.input_dim}, config.embeddings_initializer, config.dtype.variable);
  if (config.lora_rank) enable_lora(*config.lora_rank, config.lora_alpha);
}

Tensor ReversibleEmbedding::forward(const Tensor& ids) const { return gather(ids); }

void ReversibleEmbedding::become_int8(bool values) {
  AdaptableLayer::become_int8(values);
  if (config_.tie_weights) return;
  ops::Int8Values reverse;
  if (values) reverse = ops::quantize_columns(reverse_embeddings_.detach());
  else reverse = {Tensor::zeros(reverse_embeddings_.shape(), DType::int8), Tensor::full({config_.input_dim}, 1, config_.dtype.variable)};
  reverse_embeddings_ = reverse.values;
  reverse_int8_ = ops::Int8Matrix(reverse.values, reverse.scale, config_.output_dim, config_.input_dim);
  std::vector<Weight> all(weights().begin(), weights().end());
  std::erase_if(all, [](const Weight& weight) { return weight.name == "reverse_embeddings"; });
  all.push_back({"reverse_embeddings", reverse.values, false});
  all.push_back({"reverse_embeddings_scale", reverse.scale, false});
  set_weights(std::move(all));
}

Tensor ReversibleEmbedding::untied(const Tensor& x) const {
  const Tensor input = autocast(x, config_.dtype);
  if (!is_int8()) return ops::dense(input, autocast_weight(reverse_embeddings_, config_.dtype));
  const std::array int8{ops::Int8Weights{reverse_int8_, {}}};
  return ops::int8_dense(input, int8);
}

Tensor ReversibleEmbedding::reverse(const Tensor& x) const {
  const Tensor logits = config_.tie_weights ? transposed_product(x) : untied(x);
  if (!config_.logit_soft_cap) return logits;
  return ops::scale(ops::tanh(ops::scale(logits, 1 / *config_.logit_soft_cap)), *config_.logit_soft_cap);
}

}  // namespace linnet
