#pragma once

#include "framework/layers/adaptable_layer.h"
#include "framework/ops/dense.h"

namespace linnet {

/// activation(einsum(equation, x, kernel) + bias), as keras.layers.EinsumDense. The equation has the form "ab,bc->ac",
/// "...b,bc->...c" or "ab...,bc->ac..."; the first axis, or the dots, is the batch.
/// Weights: kernel, an axis a letter of the equation; bias, from the first of its axes to the end, 1 where it has none.
class EinsumDense : public AdaptableLayer {
 public:
  struct Config {
    std::string equation = {};
    /// Extents of the input's and the result's axes without the batch, 0 where any will do. Together they must give every axis
    /// of the kernel. Axes at the dots: none of them, but input_shape counts those on the right.
    std::vector<std::int64_t> input_shape = {}, output_shape = {};
    std::string bias_axes = {};  ///< letters of the result that the bias has an axis for; "" for no bias
    std::string activation = "linear";
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    std::optional<std::int64_t> lora_rank = {};  ///< enables LoRA
    std::optional<double> lora_alpha = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument on another form of equation, contradicting shapes, an axis of the kernel without an extent
  /// and bias axes that the result does not have.
  explicit EinsumDense(const Config& config);
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument unless x fits the equation and the kernel.
  Tensor forward(const Tensor& x) const override;
  /// The same for an input whose contracted axes are flat, with a flat result: x (..., in) -> (..., out). For equations that
  /// contract the last axes of the input with the first of the kernel; throws std::invalid_argument for others.
  Tensor forward_rows(const Tensor& x) const;

  /// int8 after quantize, and without what LoRA adds.
  const Tensor& kernel() const { return main_weight(); }
  const Tensor& bias() const { return bias_; }  ///< undefined without bias_axes
  /// What ops::concatenated_dense takes for forward_rows of a layer without LoRA, in the dtype that the layer computes in; and
  /// what ops::int8_dense takes for an int8 one.
  ops::DenseWeights cast_weights() const;
  ops::Int8Weights int8_weights() const;

 private:
  /// Throws also unless forward_rows can serve.
  Int8Form int8_form() const override;
  Tensor einsum(const Tensor& x, const std::string& left, const std::string& right) const;

  void note_lora(std::int64_t rank, double alpha) override {
    config_.lora_rank = rank;
    config_.lora_alpha = alpha;
  }

  Config config_;
  Activation activation_;
  enum class Dots { none, left, right } dots_;
  std::string input_, kernel_axes_, result_;  // the equation's parts, without dots
  std::size_t dotted_ = 0;                    // axes at dots on the right
  bool is_dense_;                             // forward_rows can serve
  Tensor bias_;
};

}  // namespace linnet
