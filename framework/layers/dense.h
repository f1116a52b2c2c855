#pragma once

#include "framework/layers/adaptable_layer.h"

namespace linnet {

/// activation(x kernel + bias).   x: (..., input_dim) -> (..., units)
/// Weights: kernel (input_dim, units), bias (units). As keras.layers.Dense, whose input_dim is found at the first call.
class Dense : public AdaptableLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, units = 0;
    std::string activation = "linear";
    bool use_bias = true;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    std::optional<std::int64_t> lora_rank = {};  ///< enables LoRA
    std::optional<double> lora_alpha = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim and units are positive and the activation is known.
  explicit Dense(const Config& config);
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override;

  /// int8 after quantize, and without what LoRA adds.
  const Tensor& kernel() const { return main_weight(); }
  const Tensor& bias() const { return bias_; }  ///< undefined without use_bias

 private:
  Int8Form int8_form() const override { return {config_.input_dim, config_.units, false, {config_.units}}; }

  void note_lora(std::int64_t rank, double alpha) override {
    config_.lora_rank = rank;
    config_.lora_alpha = alpha;
  }

  Config config_;
  Activation activation_;
  Tensor bias_;
};

}  // namespace linnet
