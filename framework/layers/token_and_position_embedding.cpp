#include "framework/layers/token_and_position_embedding.h"

#include "framework/layers/registry.h"
#include "framework/ops/elementwise.h"

namespace linnet {
namespace {
const bool registered = register_layer<TokenAndPositionEmbedding>("TokenAndPositionEmbedding");
}

void TokenAndPositionEmbedding::Config::fields(FieldVisitor& field) {
  field("vocabulary_size", vocabulary_size);
  field("sequence_length", sequence_length);
  field("embedding_dim", embedding_dim);
  field("tie_weights", tie_weights);
  field("embeddings_initializer", embeddings_initializer);
  field("dtype", dtype);
}

TokenAndPositionEmbedding::TokenAndPositionEmbedding(const Config& config)
    : config_(config),
      token_embedding_(add<ReversibleEmbedding>("token_embedding", {.input_dim = config.vocabulary_size,
                                                                    .output_dim = config.embedding_dim,
                                                                    .tie_weights = config.tie_weights,
                                                                    .embeddings_initializer = config.embeddings_initializer,
                                                                    .dtype = config.dtype})),
      position_embedding_(add<PositionEmbedding>("position_embedding", {.sequence_length = config.sequence_length,
                                                                        .output_dim = config.embedding_dim,
                                                                        .initializer = config.embeddings_initializer,
                                                                        .dtype = config.dtype})) {}

Tensor TokenAndPositionEmbedding::forward(const Tensor& ids, const SequenceLayout& layout, std::int64_t start_index) const {
  check(ids.shape() == Shape{layout.tokens()}, "TokenAndPositionEmbedding: ids must have one element a token ", Shape{layout.tokens()}, ", got ",
        ids.shape());
  return ops::add(token_embedding_(ids), position_embedding_.forward(layout, start_index));
}

}  // namespace linnet
