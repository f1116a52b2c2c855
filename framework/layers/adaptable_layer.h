#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/core/activation.h"
#include "framework/layers/layer.h"
#include "framework/ops/int8.h"

namespace linnet {

/// What LoRA adds to a weight (…, columns): alpha / rank a b. Source: Hu et al. 2021, arXiv:2106.09685.
struct LoraFactors {
  Tensor a;  ///< (…, rank); undefined while LoRA is off, as b is
  Tensor b;  ///< (rank, columns)
  std::int64_t rank = 0;
  double alpha = 0;
};

/// A layer whose main weight LoRA can adapt and which Layer::quantize can make int8: Dense, EinsumDense, Embedding and
/// ReversibleEmbedding. Both at once: the int8 weight stays as it is beside float factors.
class AdaptableLayer : public UnaryLayer {
 public:
  /// Freezes the weight and adds alpha / rank a b to it: trainable factors, a of HeUniform, b of zeros, so that nothing changes yet.
  /// Without alpha it is the rank. The sum is never formed but for files, which hold it in the weight's place: loading such a file
  /// makes both factors zero. The factors are float32 (float64 in a float64 layer).
  /// Throws std::invalid_argument if LoRA is on already, or unless rank and alpha are positive. As Keras' layer.enable_lora.
  void enable_lora(std::int64_t rank, std::optional<double> alpha = {});
  bool lora_enabled() const { return lora_.a.defined(); }
  const LoraFactors& lora() const { return lora_; }

  /// True when the main weight is int8, with a scale of which each value is the divisor of a column (of a row of an embedding).
  bool is_int8() const { return scale_.defined(); }
  /// Undefined unless is_int8().
  const Tensor& scale() const { return scale_; }

  Tensor stored_value(std::size_t weight) const override;

 protected:
  /// What an int8 form of the main weight needs to know.
  struct Int8Form {
    std::int64_t rows, columns;  ///< of the weight as a matrix
    bool scale_per_row;
    Shape scale_shape;
  };

  /// add_weight for the one that this class adapts.
  void add_main_weight(std::string name, const Shape& shape, const Initializer& initializer, const DTypePolicy& dtype);
  const Tensor& main_weight() const { return main_; }
  /// Throws std::invalid_argument if this layer cannot be int8.
  virtual Int8Form int8_form() const = 0;
  /// LoRA is on from now: for configs.
  virtual void note_lora(std::int64_t rank, double alpha) = 0;
  /// Replaces the float weights by int8 ones: quantized if `values`, else zeros with scales of 1.
  virtual void become_int8(bool values);

  /// activation(x W + bias), the main weight as matrix (in, out): x (..., in) -> (..., out).
  Tensor product(const Tensor& x, const Tensor& bias, Activation activation) const;
  /// The same without bias for a main weight (out, in), whose transpose it takes.
  Tensor transposed_product(const Tensor& x) const;
  /// Rows of the main weight by number.
  Tensor gather(const Tensor& ids) const;
  /// A packed form of the main weight for int8 products; undefined unless is_int8().
  const ops::Int8Matrix& int8_matrix() const { return matrix_; }

 private:
  void check_int8() const;
  ops::Int8Values int8_values() const;
  ops::Int8Values quantized(const Tensor& weight) const;
  Tensor merged() const;
  Tensor int8_product(const Tensor& x, const Tensor& bias, Activation activation) const;
  Tensor scaled(const Tensor& x) const;
  Tensor low_rank(const Tensor& x, const Tensor& first, const Tensor& second) const;

  std::string main_name_;
  DTypePolicy dtype_;
  Tensor main_, scale_;
  ops::Int8Matrix matrix_;
  LoraFactors lora_;
  friend class Layer;
  friend void make_int8(Layer& layer, const std::vector<std::string>& paths);
};

}  // namespace linnet
