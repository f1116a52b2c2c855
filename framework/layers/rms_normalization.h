#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// x / sqrt(mean(x²) + epsilon) * scale over the last axis, or several.   x: (..., dim) -> (..., dim)
/// Weights: scale (dim); of several axes, their extents. As keras.layers.RMSNormalization.
class RMSNormalization : public UnaryLayer {
 public:
  struct Config {
    std::int64_t dim = 0;                  ///< extent of the last axis; 0 with `axis`
    std::vector<std::int64_t> axis = {};   ///< the axes to normalise over, ascending; the last one unless given
    std::vector<std::int64_t> shape = {};  ///< extents of `axis`
    double epsilon = 1e-6;
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless the extents are positive, as many as the axes, and epsilon is not negative.
  explicit RMSNormalization(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument unless x has the axes and extents.
  Tensor forward(const Tensor& x) const override;

 private:
  Config config_;
  Tensor scale_;
};

}  // namespace linnet
