#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// Softmax over one axis.   x: any shape -> the same
/// No weights. As keras.layers.Softmax.
class Softmax : public UnaryLayer {
 public:
  struct Config {
    std::int64_t axis = -1;  ///< negative ones count from the end
    void fields(FieldVisitor& field) { field("axis", axis); }
  };
  explicit Softmax(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument unless x has the axis.
  Tensor forward(const Tensor& x) const override;
  /// mask: int32, shape of x; masked probabilities are exactly 0.
  Tensor forward(const Tensor& x, const Tensor& mask) const;

 private:
  Config config_;
};

}  // namespace linnet
