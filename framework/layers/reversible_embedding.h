#pragma once

#include "framework/layers/adaptable_layer.h"

namespace linnet {

/// An embedding that also goes back from vectors to ids.   ids: int32 (...) -> (..., output_dim), and with `reverse`
/// x: (..., output_dim) -> logits (..., input_dim): x Eᵀ, or x times a table of its own when untied.
/// Weights: embeddings (input_dim, output_dim); untied also reverse_embeddings (output_dim, input_dim).
/// As keras_hub.layers.ReversibleEmbedding.
class ReversibleEmbedding : public AdaptableLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, output_dim = 0;
    bool tie_weights = true;
    Initializer embeddings_initializer = Initializer::random_uniform();
    std::optional<double> logit_soft_cap = {};  ///< logits become cap tanh(logits / cap)
    DTypePolicy dtype = {};
    std::optional<std::int64_t> lora_rank = {};  ///< enables LoRA
    std::optional<double> lora_alpha = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim, output_dim and the cap are positive.
  explicit ReversibleEmbedding(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument naming the first id that is not in [0, input_dim) and its place.
  Tensor forward(const Tensor& ids) const override;
  Tensor reverse(const Tensor& x) const;

  /// int8 after quantize, and without what LoRA adds.
  const Tensor& embeddings() const { return main_weight(); }

 private:
  Int8Form int8_form() const override { return {config_.input_dim, config_.output_dim, true, {config_.input_dim}}; }
  void become_int8(bool values) override;
  Tensor untied(const Tensor& x) const;

  void note_lora(std::int64_t rank, double alpha) override {
    config_.lora_rank = rank;
    config_.lora_alpha = alpha;
  }

  Config config_;
  Tensor reverse_embeddings_;
  ops::Int8Matrix reverse_int8_;
};

}  // namespace linnet
