#pragma once

#include "framework/layers/layer.h"
#include "framework/ops/dense.h"

namespace linnet {

/// A dense layer over several axes at once, as keras.layers.EinsumDense: it contracts the last axes of its input with the
/// first of its kernel.   x: (..., input_shape) -> (..., output_shape), with axes that belong together kept flat.
/// Weights: kernel (input_shape, output_shape), bias (output_shape). Attention's query has input_shape (hidden) and
/// output_shape (heads, head_dim); its output projection the reverse.
class EinsumDense : public UnaryLayer {
 public:
  struct Config {
    std::vector<std::int64_t> input_shape, output_shape;
    bool use_bias = true;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless all extents are positive.
  explicit EinsumDense(const Config& config);
  const Config& config() const { return config_; }
  /// x: (..., product of input_shape); result: (..., product of output_shape).
  Tensor forward(const Tensor& x) const override { return ops::dense(x, kernel_, bias_); }

  const Tensor& kernel() const { return kernel_; }
  const Tensor& bias() const { return bias_; }  ///< undefined without use_bias

 private:
  Config config_;
  Tensor kernel_, bias_;
};

}  // namespace linnet
