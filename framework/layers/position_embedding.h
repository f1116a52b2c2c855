#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/layers/layer.h"

namespace linnet {

/// A learned vector for each place in a sequence.   tokens of `layout` -> (tokens, output_dim)
/// Weights: embeddings (sequence_length, output_dim). As keras_hub.layers.PositionEmbedding.
class PositionEmbedding : public Layer {
 public:
  struct Config {
    std::int64_t sequence_length = 0, output_dim = 0;
    Initializer initializer = {};
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless sequence_length and output_dim are positive.
  explicit PositionEmbedding(const Config& config);
  const Config& config() const { return config_; }
  /// Row j of a sequence gets embeddings[start_index + j]. Throws std::invalid_argument if a sequence is too long.
  Tensor forward(const SequenceLayout& layout, std::int64_t start_index = 0) const;
  /// Rows of the table by explicit positions, int32 (...) -> (..., output_dim).
  Tensor forward(const Tensor& positions) const;

  const Tensor& embeddings() const { return embeddings_; }

 private:
  Config config_;
  Tensor embeddings_;
};

}  // namespace linnet
