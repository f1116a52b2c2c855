#pragma once

#include "framework/layers/layer.h"
#include "framework/ops/layer_norm.h"

namespace linnet {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis.   x: (..., dim) -> (..., dim)
/// Weights: gamma (dim) if scale, beta (dim) if center. As keras.layers.LayerNormalization.
class LayerNormalization : public UnaryLayer {
 public:
  struct Config {
    std::int64_t dim = 0;
    double epsilon = 1e-3;
    bool center = true, scale = true;
    Initializer beta_initializer = Initializer::zeros(), gamma_initializer = Initializer::ones();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless dim is positive and epsilon is not negative.
  explicit LayerNormalization(const Config& config);
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override { return ops::layer_norm(x, gamma_, beta_, config_.epsilon); }
  /// forward(residual + dropout(x)), fused. `dropout` is a rate; `layout` as for ops::dropout.
  Tensor forward_residual(const Tensor& x, const Tensor& residual, double dropout, const SequenceLayout* layout) const;

 private:
  Config config_;
  Tensor gamma_, beta_;
};

}  // namespace linnet
