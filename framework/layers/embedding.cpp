#include "framework/layers/embedding.h"

#include "framework/layers/registry.h"

namespace linnet {
namespace {
const bool registered = register_layer<Embedding>("Embedding");
}

void Embedding::Config::fields(FieldVisitor& field) {
  field("input_dim", input_dim);
  field("output_dim", output_dim);
  field("embeddings_initializer", embeddings_initializer);
  field("dtype", dtype);
  field("lora_rank", lora_rank);
  field("lora_alpha", lora_alpha);
}

Embedding::Embedding(const Config& config) : config_(config) {
  check(config.input_dim > 0, "Embedding: input_dim must be positive, got ", config.input_dim);
  check(config.output_dim > 0, "Embedding: output_dim must be positive, got ", config.output_dim);
  add_main_weight("embeddings", {config.input_dim, config.output_dim}, config.embeddings_initializer, config.dtype);
  if (config.lora_rank) enable_lora(*config.lora_rank, config.lora_alpha);
}

Tensor Embedding::forward(const Tensor& ids) const { return gather(ids); }

}  // namespace linnet
