#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/layers/layer.h"

namespace linnet {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, or several.   x: (..., dim) -> (..., dim)
/// Weights: gamma (dim) if scale, beta (dim) if center; of several axes, their extents. As keras.layers.LayerNormalization.
class LayerNormalization : public UnaryLayer {
 public:
  struct Config {
    std::int64_t dim = 0;                  ///< extent of the last axis; 0 with `axis`
    std::vector<std::int64_t> axis = {};   ///< the axes to normalise over, ascending; the last one unless given
    std::vector<std::int64_t> shape = {};  ///< extents of `axis`
    double epsilon = 1e-3;
    bool center = true, scale = true;
    Initializer beta_initializer = Initializer::zeros(), gamma_initializer = Initializer::ones();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless the extents are positive, as many as the axes, and epsilon is not negative.
  explicit LayerNormalization(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument unless x has the axes and extents.
  Tensor forward(const Tensor& x) const override;
  /// forward(residual + dropout(x)), fused; over the last axis only. `dropout` is a rate; `layout` as for ops::dropout.
  Tensor forward_residual(const Tensor& x, const Tensor& residual, double dropout, const SequenceLayout* layout) const;

 private:
  Config config_;
  Tensor gamma_, beta_;
};

}  // namespace linnet
