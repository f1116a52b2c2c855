#pragma once

#include "framework/layers/position_embedding.h"
#include "framework/layers/reversible_embedding.h"

namespace linnet {

/// The sum of a token's and its place's vectors.   ids: int32 (tokens) of `layout` -> (tokens, embedding_dim)
/// Children: token_embedding, position_embedding. As keras_hub.layers.TokenAndPositionEmbedding.
class TokenAndPositionEmbedding : public Layer {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, sequence_length = 0, embedding_dim = 0;
    bool tie_weights = true;
    Initializer embeddings_initializer = Initializer::random_uniform();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless all sizes are positive.
  explicit TokenAndPositionEmbedding(const Config& config);
  const Config& config() const { return config_; }
  /// Row j of a sequence is place start_index + j. Throws std::invalid_argument as its children do, and unless the layout
  /// covers the ids.
  Tensor forward(const Tensor& ids, const SequenceLayout& layout, std::int64_t start_index = 0) const;

  const ReversibleEmbedding& token_embedding() const { return token_embedding_; }
  const PositionEmbedding& position_embedding() const { return position_embedding_; }

 private:
  Config config_;
  ReversibleEmbedding& token_embedding_;
  PositionEmbedding& position_embedding_;
};

}  // namespace linnet
