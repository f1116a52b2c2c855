#include "framework/layers/position_embedding.h"

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/embedding.h"

namespace linnet {
namespace {
const bool registered = register_layer<PositionEmbedding>("PositionEmbedding");
}

void PositionEmbedding::Config::fields(FieldVisitor& field) {
  field("sequence_length", sequence_length);
  field("output_dim", output_dim);
  field("initializer", initializer);
  field("dtype", dtype);
}

PositionEmbedding::PositionEmbedding(const Config& config) : config_(config) {
  check(config.sequence_length > 0, "PositionEmbedding: sequence_length must be positive, got ", config.sequence_length);
  check(config.output_dim > 0, "PositionEmbedding: output_dim must be positive, got ", config.output_dim);
  embeddings_ = add_weight("embeddings", {config.sequence_length, config.output_dim}, config.initializer, config.dtype.variable);
}

Tensor PositionEmbedding::forward(const SequenceLayout& layout, std::int64_t start_index) const {
  check(start_index >= 0 && start_index + layout.max_length() <= config_.sequence_length, "PositionEmbedding: a sequence must have at most ",
        config_.sequence_length, " tokens, got ", layout.max_length(), " from start_index ", start_index, " (truncate it)");
  Tensor positions = Tensor::empty({layout.tokens()}, DType::int32);
  const std::span<std::int32_t> to = positions.mutable_data<std::int32_t>();
  for (std::int64_t i = 0; i < layout.batch(); ++i)
    for (std::int64_t j = 0; j < layout.length(i); ++j)
      to[static_cast<std::size_t>(layout.begin(i) + j)] = static_cast<std::int32_t>(start_index + j);
  return forward(positions);
}

Tensor PositionEmbedding::forward(const Tensor& positions) const { return autocast(ops::embedding(embeddings_, positions), config_.dtype); }

}  // namespace linnet
