#pragma once

#include "framework/layers/layer.h"
#include "framework/ops/elementwise.h"

namespace linnet {

/// The sum of its inputs, with broadcasting. No weights. As keras.layers.Add.
class Add : public Layer {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  explicit Add(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }
  /// a + b.
  Tensor forward(const Tensor& a, const Tensor& b) const { return ops::add(a, b); }

 private:
  Config config_;
};

}  // namespace linnet
