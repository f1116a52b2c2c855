#pragma once

#include "framework/core/activation.h"
#include "framework/layers/layer.h"

namespace linnet {

/// activation(x kernel + bias).   x: (..., input_dim) -> (..., units)
/// Weights: kernel (input_dim, units), bias (units). As keras.layers.Dense, whose input_dim is found at the first call.
class Dense : public UnaryLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, units = 0;
    std::string activation = "linear";
    bool use_bias = true;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless input_dim and units are positive and the activation is known.
  explicit Dense(const Config& config);
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override;

  const Tensor& kernel() const { return kernel_; }
  const Tensor& bias() const { return bias_; }  ///< undefined without use_bias

 private:
  Config config_;
  Activation activation_;
  Tensor kernel_, bias_;
};

}  // namespace linnet
