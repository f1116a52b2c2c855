#pragma once

#include "framework/layers/layer.h"
#include "framework/ops/softmax.h"

namespace linnet {

/// Softmax over the last axis.   x: (..., columns) -> (..., columns)
/// No weights. As keras.layers.Softmax with axis -1.
class Softmax : public UnaryLayer {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  explicit Softmax(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override { return ops::softmax(x); }
  /// mask: int32 (..., columns); masked probabilities are exactly 0.
  Tensor forward(const Tensor& x, const Tensor& mask) const { return ops::masked_softmax(x, mask); }

 private:
  Config config_;
};

}  // namespace linnet
