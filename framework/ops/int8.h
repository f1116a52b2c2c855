#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "framework/core/activation.h"
#include "framework/core/tensor.h"
#include "framework/kernels/gemm.h"

namespace linnet::ops {

/// int8 values and what they were multiplied by before they were rounded: about values / scale.
struct Int8Values {
  Tensor values;  ///< int8, as matrix (rows, columns)
  Tensor scale;   ///< a number for each column, or each row
};
/// scale = 127 / (max |x| + 1e-7) over each column or each row of a matrix of floats; values = round(x scale), halves to
/// even. Throws std::invalid_argument unless x is a matrix of finite floats. Source: keras.quantizers.abs_max_quantize.
Int8Values quantize_columns(const Tensor& x);
Int8Values quantize_rows(const Tensor& x);
/// values / scale with the scale's dtype; the inverse of quantize_columns and quantize_rows but for the rounding. Saves nothing: the
/// result is a constant.
Tensor dequantize_columns(const Int8Values& x);
Tensor dequantize_rows(const Int8Values& x);

/// An int8 matrix (in, out) with a scale a column, ready for products: packed for this CPU at the first one, and again when the
/// values or the scale have been written since. May be used from several threads.
class Int8Matrix {
 public:
  /// What the kernels read.
  struct Packed {
    std::uint64_t values_version, scale_version;
    DType dtype;
    Tensor panels, factors;  ///< bytes; 1 / scale, each column one
  };

  Int8Matrix() = default;
  /// values: int8, the matrix or its transpose, under any shape of in * out elements; scale: out elements, under any shape.
  /// Throws std::invalid_argument on other sizes or dtypes.
  Int8Matrix(Tensor values, Tensor scale, std::int64_t in, std::int64_t out, kernels::Transpose transpose = kernels::Transpose::no);

  bool defined() const { return values_.defined(); }
  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }
  /// For products in that dtype.
  std::shared_ptr<const Packed> packed(DType dtype) const;

 private:
  struct Cache;
  Tensor values_, scale_;
  std::int64_t in_ = 0, out_ = 0;
  kernels::Transpose transpose_ = kernels::Transpose::no;
  std::shared_ptr<Cache> cache_;
};

/// Of one part of int8_dense; bias may be undefined.
struct Int8Weights {
  Int8Matrix matrix;
  Tensor bias;
};
/// activation(x matrix + bias) of each part, side by side in one tensor: x (..., in) -> (..., sum of outs). Each row of x is
/// quantized as quantize_rows does, products are summed exactly in int32 and divided by both scales: Keras' int8 layers.
/// Any float dtype, 16-bit ones within float32; an elementwise activation is fused; one of rows is for a single part. Saves nothing and is for
/// inference: throws std::invalid_argument when the tape would record it, and on other shapes.
Tensor int8_dense(const Tensor& x, std::span<const Int8Weights> parts, Activation activation = Activation::linear);

/// Rows of a quantized table by number: table.values[id] / table.scale[id]. table: a scale a row; ids: int32, any shape; result:
/// ids' shape and then columns, of the scale's dtype. Saves nothing: the result is a constant. Throws std::invalid_argument when an id is not in [0,
/// rows).
Tensor int8_embedding(const Int8Values& table, const Tensor& ids);

}  // namespace linnet::ops
