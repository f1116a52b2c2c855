#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// An embedding that also goes back from vectors to ids.   ids: int32 (...) -> (..., output_dim), and with `reverse`
/// x: (..., output_dim) -> logits (..., input_dim): x Eᵀ, or x times a table of its own when untied.
/// Weights: embeddings (input_dim, output_dim); untied also reverse_embeddings (output_dim, input_dim).
/// As keras_hub.layers.ReversibleEmbedding.
class ReversibleEmbedding : public UnaryLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, output_dim = 0;
    bool tie_weights = true;
    Initializer embeddings_initializer = Initializer::random_uniform();
    std::optional<double> logit_soft_cap = {};  ///< logits become cap tanh(logits / cap)
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim, output_dim and the cap are positive.
  explicit ReversibleEmbedding(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument naming the first id that is not in [0, input_dim) and its place.
  Tensor forward(const Tensor& ids) const override;
  Tensor reverse(const Tensor& x) const;

  const Tensor& embeddings() const { return embeddings_; }

 private:
  Config config_;
  Tensor embeddings_, reverse_embeddings_;
};

}  // namespace linnet
