#include "framework/layers/reversible_embedding.h"

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/activations.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"
#include "framework/ops/matmul.h"
#include "framework/ops/views.h"

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
}

ReversibleEmbedding::ReversibleEmbedding(const Config& config) : config_(config) {
  check(config.input_dim > 0, "ReversibleEmbedding: input_dim must be positive, got ", config.input_dim);
  check(config.output_dim > 0, "ReversibleEmbedding: output_dim must be positive, got ", config.output_dim);
  check(!config.logit_soft_cap || *config.logit_soft_cap > 0, "ReversibleEmbedding: logit_soft_cap must be positive, got ",
        config.logit_soft_cap.value_or(0));
  embeddings_ = add_weight("embeddings", {config.input_dim, config.output_dim}, config.embeddings_initializer, config.dtype.variable);
  if (!config.tie_weights)
    reverse_embeddings_ =
        add_weight("reverse_embeddings", {config.output_dim, config.input_dim}, config.embeddings_initializer, config.dtype.variable);
}

Tensor ReversibleEmbedding::forward(const Tensor& ids) const { return autocast(ops::embedding(embeddings_, ids), config_.dtype); }

Tensor ReversibleEmbedding::reverse(const Tensor& x) const {
  const Tensor rows = ops::reshape(autocast(x, config_.dtype), {x.rows(), x.dim(-1)});
  const Tensor table = autocast(config_.tie_weights ? embeddings_ : reverse_embeddings_, config_.dtype);
  const Tensor flat = ops::matmul(rows, table, kernels::Transpose::no, config_.tie_weights ? kernels::Transpose::yes : kernels::Transpose::no);
  Shape shape = x.shape();
  shape.back() = config_.input_dim;
  const Tensor logits = ops::reshape(flat, shape);
  if (!config_.logit_soft_cap) return logits;
  return ops::scale(ops::tanh(ops::scale(logits, 1 / *config_.logit_soft_cap)), *config_.logit_soft_cap);
}

}  // namespace linnet
