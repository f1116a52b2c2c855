#include "framework/layers/adaptable_layer.h"

#include <algorithm>
#include <array>

#include "framework/layers/autocast.h"
#include "framework/ops/activations.h"
#include "framework/ops/cast.h"
#include "framework/ops/dense.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"
#include "framework/ops/matmul.h"
#include "framework/ops/views.h"

namespace linnet {

using kernels::Transpose;

void AdaptableLayer::add_main_weight(std::string name, const Shape& shape, const Initializer& initializer, const DTypePolicy& dtype) {
  main_name_ = name;
  dtype_ = dtype;
  main_ = add_weight(std::move(name), shape, initializer, dtype.variable);
}

void AdaptableLayer::enable_lora(std::int64_t rank, std::optional<double> alpha) {
  check(!lora_enabled(), class_name(), ": lora must be enabled once, got enable_lora again");
  check(rank > 0, class_name(), ": the rank of lora must be positive, got ", rank);
  check(!alpha || *alpha > 0, class_name(), ": the alpha of lora must be positive, got ", alpha.value_or(0));
  // float32 whatever the weight's precision, as in Keras: small updates must not be lost.
  const DType dtype = dtype_.variable == DType::float64 ? DType::float64 : DType::float32;
  Shape shape = main_.shape();
  const std::int64_t columns = shape.back();
  shape.back() = rank;
  lora_.a = add_weight("lora_" + main_name_ + "_a", shape, {.class_name = "HeUniform"}, dtype);
  lora_.b = add_weight("lora_" + main_name_ + "_b", {rank, columns}, Initializer::zeros(), dtype);
  lora_.rank = rank;
  lora_.alpha = alpha.value_or(static_cast<double>(rank));
  std::vector<Weight> all(weights().begin(), weights().end());
  for (Weight& weight : all) {
    if (weight.name == main_name_) weight.trainable = false;
    if (weight.name.starts_with("lora_")) weight.in_files = false;
  }
  set_weights(std::move(all));
  if (!is_int8()) main_.set_requires_grad(false);
  note_lora(rank, lora_.alpha);
}

void AdaptableLayer::check_int8() const {
  static_cast<void>(int8_form());
  check(dtype_.compute != DType::float16, class_name(), ": an int8 layer must not compute in float16, got the dtype ", dtype_.name());
}

ops::Int8Values AdaptableLayer::quantized(const Tensor& weight) const {
  const Int8Form form = int8_form();
  const Tensor matrix = weight.reshape({form.rows, form.columns});
  return form.scale_per_row ? ops::quantize_rows(matrix) : ops::quantize_columns(matrix);
}

ops::Int8Values AdaptableLayer::int8_values() const {
  const Int8Form form = int8_form();
  return {main_.reshape({form.rows, form.columns}), scale_};
}

void AdaptableLayer::become_int8(bool values) {
  const Int8Form form = int8_form();
  const Shape shape = main_.shape();
  ops::Int8Values made;
  if (values) made = quantized(main_.detach());
  else made = {Tensor::zeros(shape, DType::int8), Tensor::full(form.scale_shape, 1, dtype_.variable)};
  main_ = made.values.reshape(shape);
  scale_ = made.scale.reshape(form.scale_shape);
  matrix_ = form.scale_per_row ? ops::Int8Matrix(main_, scale_, form.columns, form.rows, Transpose::yes)
                               : ops::Int8Matrix(main_, scale_, form.rows, form.columns);
  std::vector<Weight> all(weights().begin(), weights().end());
  for (Weight& weight : all)
    if (weight.name == main_name_) weight = {main_name_, main_, false};
  all.push_back({main_name_ + "_scale", scale_, false});
  set_weights(std::move(all));
}

Tensor AdaptableLayer::merged() const {
  Tensor weight = main_.detach();
  if (is_int8())
    weight = (int8_form().scale_per_row ? ops::dequantize_rows(int8_values()) : ops::dequantize_columns(int8_values())).reshape(main_.shape());
  const Tensor a = lora_.a.detach().reshape({lora_.a.size() / lora_.rank, lora_.rank});
  const Tensor change = scaled(ops::matmul(a, lora_.b.detach())).reshape(weight.shape());
  return ops::add(weight.cast(change.dtype()), change).cast(weight.dtype());
}

Tensor AdaptableLayer::stored_value(std::size_t weight) const {
  const std::string& name = weights()[weight].name;
  const bool is_main = name == main_name_;
  if (!lora_enabled() || (!is_main && name != main_name_ + "_scale")) return UnaryLayer::stored_value(weight);
  if (!is_int8()) return merged();
  const ops::Int8Values values = quantized(merged());
  return is_main ? values.values.reshape(main_.shape()) : values.scale.reshape(scale_.shape());
}

Tensor AdaptableLayer::scaled(const Tensor& x) const {
  const double factor = lora_.alpha / static_cast<double>(lora_.rank);
  return factor == 1 ? x : ops::scale(x, factor);
}

/// alpha / rank x first second, for matrices of which the second may serve several groups of columns of the first: (..., columns).
Tensor AdaptableLayer::low_rank(const Tensor& x, const Tensor& first, const Tensor& second) const {
  const std::int64_t in = x.dim(-1), rank = second.dim(0), rows = x.rows();
  const Tensor narrow = ops::matmul(ops::reshape(x, {rows, in}), ops::reshape(first, {in, first.size() / in}));
  const Tensor wide = ops::matmul(ops::reshape(scaled(narrow), {narrow.size() / rank, rank}), second);
  Shape shape = x.shape();
  shape.back() = first.size() / in / rank * second.dim(1);
  return ops::reshape(wide, shape);
}

Tensor AdaptableLayer::int8_product(const Tensor& x, const Tensor& bias, Activation activation) const {
  const std::array part{ops::Int8Weights{matrix_, bias}};
  return ops::int8_dense(x, part, activation);
}

Tensor AdaptableLayer::product(const Tensor& x, const Tensor& bias, Activation activation) const {
  const Activation fused = lora_enabled() ? Activation::linear : activation;
  const Tensor input = autocast(x, dtype_), cast_bias = autocast(bias, dtype_);
  const Tensor y = is_int8() ? int8_product(input, cast_bias, fused) : ops::dense(input, autocast_weight(main_, dtype_), cast_bias, fused);
  if (!lora_enabled()) return y;
  return ops::activate(ops::add(y, low_rank(input, autocast(lora_.a, dtype_), autocast(lora_.b, dtype_))), activation);
}

Tensor AdaptableLayer::transposed_product(const Tensor& x) const {
  const Tensor flat = ops::reshape(autocast(x, dtype_), {x.rows(), x.dim(-1)});
  Tensor y =
      is_int8() ? int8_product(flat, {}, Activation::linear) : ops::matmul(flat, autocast_weight(main_, dtype_), Transpose::no, Transpose::yes);
  if (lora_enabled()) {
    const Tensor narrow = scaled(ops::matmul(flat, autocast(lora_.b, dtype_), Transpose::no, Transpose::yes));
    y = ops::add(y, ops::matmul(narrow, autocast(lora_.a, dtype_), Transpose::no, Transpose::yes));
  }
  Shape shape = x.shape();
  shape.back() = main_.dim(0);
  return ops::reshape(y, shape);
}

Tensor AdaptableLayer::gather(const Tensor& ids) const {
  const Tensor rows = is_int8() ? ops::int8_embedding(int8_values(), ids) : ops::embedding(main_, ids);
  if (!lora_enabled()) return autocast(rows, dtype_);
  // Keras adds before it casts.
  const Tensor narrow = scaled(ops::embedding(lora_.a, ids.reshape({ids.size()})));
  return autocast(ops::add(ops::cast(rows, narrow.dtype()), ops::reshape(ops::matmul(narrow, lora_.b), rows.shape())), dtype_);
}

}  // namespace linnet
