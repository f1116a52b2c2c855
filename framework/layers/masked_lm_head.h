#pragma once

#include "framework/layers/dense.h"
#include "framework/layers/layer_normalization.h"
#include "framework/layers/reversible_embedding.h"

namespace linnet {

/// Which token stood at a masked place: activation(layer_norm(intermediate_activation(g W + b)) Eᵀ + output_bias) for the rows
/// g of the masked places.   x: (batch, length, hidden_dim), positions: int32 (batch, masked) -> (batch, masked, vocabulary_size)
/// Weights: output_kernel (hidden_dim, vocabulary_size) in the place of the embedding's Eᵀ unless tied, output_bias
/// (vocabulary_size). Children: intermediate_dense, intermediate_layer_norm. As keras_hub.layers.MaskedLMHead.
class MaskedLMHead : public Layer {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, hidden_dim = 0;
    std::string intermediate_activation = "relu", activation = "linear";
    double layer_norm_epsilon = 1e-5;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Untied. Throws std::invalid_argument unless the sizes are positive and the activations known.
  explicit MaskedLMHead(const Config& config) : MaskedLMHead(config, nullptr) {}
  /// Tied to `token_embedding`, which must outlive the head and stays its owner's: its weights are none of the head's. Throws
  /// also unless it is (vocabulary_size, hidden_dim).
  MaskedLMHead(const Config& config, const ReversibleEmbedding& token_embedding) : MaskedLMHead(config, &token_embedding) {}
  const Config& config() const { return config_; }

  /// Throws std::invalid_argument on other shapes and on positions that are not in [0, length).
  Tensor forward(const Tensor& x, const Tensor& mask_positions) const;
  /// The same for rows that are gathered already: (masked, hidden_dim) -> (masked, vocabulary_size).
  Tensor forward_rows(const Tensor& rows) const;

 private:
  MaskedLMHead(const Config& config, const ReversibleEmbedding* token_embedding);

  Config config_;
  Activation activation_;
  const ReversibleEmbedding* token_embedding_;  // null: untied
  Tensor output_kernel_, output_bias_;
  Dense& intermediate_dense_;
  LayerNormalization& intermediate_layer_norm_;
};

/// Row numbers in a tensor (batch * length, …) of positions, int32 (batch, masked), within each sequence: int32
/// (batch * masked). Throws std::invalid_argument unless they lie in [0, length), naming the first that does not.
Tensor rows_of_positions(const Tensor& positions, std::int64_t batch, std::int64_t length);

}  // namespace linnet
