#pragma once

#include "framework/layers/adaptable_layer.h"

namespace linnet {

/// Rows of a table by number.   ids: int32 (...) -> (..., output_dim)
/// Weights: embeddings (input_dim, output_dim). As keras.layers.Embedding.
class Embedding : public AdaptableLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, output_dim = 0;
    Initializer embeddings_initializer = Initializer::random_uniform();
    DTypePolicy dtype = {};
    std::optional<std::int64_t> lora_rank = {};  ///< enables LoRA
    std::optional<double> lora_alpha = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim and output_dim are positive.
  explicit Embedding(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument naming the first id that is not in [0, input_dim) and its place.
  Tensor forward(const Tensor& ids) const override;

  /// int8 after quantize, and without what LoRA adds.
  const Tensor& embeddings() const { return main_weight(); }

 private:
  Int8Form int8_form() const override { return {config_.input_dim, config_.output_dim, true, {config_.input_dim}}; }

  void note_lora(std::int64_t rank, double alpha) override {
    config_.lora_rank = rank;
    config_.lora_alpha = alpha;
  }

  Config config_;
};

}  // namespace linnet
