#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// Rows of a table by number.   ids: int32 (...) -> (..., output_dim)
/// Weights: embeddings (input_dim, output_dim). As keras.layers.Embedding.
class Embedding : public UnaryLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, output_dim = 0;
    Initializer embeddings_initializer = Initializer::random_uniform();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim and output_dim are positive.
  explicit Embedding(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument naming the first id that is not in [0, input_dim) and its place.
  Tensor forward(const Tensor& ids) const override;

  const Tensor& embeddings() const { return embeddings_; }

 private:
  Config config_;
  Tensor embeddings_;
};

}  // namespace linnet
