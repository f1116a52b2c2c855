#include "framework/layers/einsum_dense.h"

#include <algorithm>
#include <map>

#include "framework/layers/autocast.h"
#include "framework/layers/registry.h"
#include "framework/ops/activations.h"
#include "framework/ops/einsum.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {

const bool registered = register_layer<EinsumDense>("EinsumDense");
constexpr std::string_view kDots = "...";

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

std::string without_dots(const std::string& equation) {
  std::string result = equation;
  for (std::size_t at = result.find(kDots); at != std::string::npos; at = result.find(kDots)) result.erase(at, kDots.size());
  return result;
}

/// Notes the extents of the axes `labels`, of which `skipped` are the batch's.
void take_extents(std::map<char, std::int64_t>& extents, const std::string& labels, std::size_t skipped, const Shape& shape, std::string_view name) {
  const std::string own = labels.substr(skipped);
  check(shape.size() == own.size(), "EinsumDense: ", name, " must have an extent for each of '", own, "', got ", shape);
  for (std::size_t i = 0; i < own.size(); ++i) {
    check(shape[i] >= 0, "EinsumDense: ", name, " must not be negative, got ", shape);
    if (shape[i] == 0) continue;
    const auto [place, added] = extents.try_emplace(own[i], shape[i]);
    check(place->second == shape[i], "EinsumDense: input_shape and output_shape must agree about '", own[i], "', got ", place->second, " and ",
          shape[i]);
  }
}

/// `count` letters that `taken` does not hold.
std::string free_letters(const std::string& taken, std::size_t count) {
  std::string result;
  for (char letter = 'a'; letter <= 'z' && result.size() < count; ++letter)
    if (!has(taken, letter)) result += letter;
  return result;
}

}  // namespace

void EinsumDense::Config::fields(FieldVisitor& field) {
  field("equation", equation);
  field("input_shape", input_shape);
  field("output_shape", output_shape);
  field("bias_axes", bias_axes);
  field("activation", activation);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
  field("lora_rank", lora_rank);
  field("lora_alpha", lora_alpha);
}

EinsumDense::EinsumDense(const Config& config) : config_(config), activation_(activation_from_name(config.activation)) {
  const ops::EinsumEquation parts = ops::parse_einsum(without_dots(config.equation), "EinsumDense");
  input_ = parts.a;
  kernel_axes_ = parts.b;
  result_ = parts.result;
  const std::string& equation = config.equation;
  dots_ = equation.starts_with(kDots) ? Dots::left : has(equation, '.') ? Dots::right : Dots::none;
  const std::string form = dots_ == Dots::left    ? cat(kDots, input_, ",", kernel_axes_, "->", kDots, result_)
                           : dots_ == Dots::right ? cat(input_, kDots, ",", kernel_axes_, "->", result_, kDots)
                                                  : equation;
  check(equation == form && !input_.empty() && !result_.empty(),
        "EinsumDense: equation must have the form ab,bc->ac, ...b,bc->...c or ab...,bc->ac..., got '", equation, "'");

  std::map<char, std::int64_t> extents;
  const std::size_t batch = dots_ == Dots::left ? 0 : 1;
  Shape input_shape = config.input_shape;
  if (dots_ == Dots::right) {
    check(input_shape.size() >= input_.size(), "EinsumDense: input_shape must have an extent (or 0) for each axis at the dots too, got ",
          input_shape);
    dotted_ = input_shape.size() - (input_.size() - 1);
    input_shape.resize(input_.size() - 1);
  }
  take_extents(extents, input_, batch, input_shape, "input_shape");
  take_extents(extents, result_, batch, config.output_shape, "output_shape");
  Shape shape, bias_shape;
  for (const char label : kernel_axes_) {
    check(extents.contains(label), "EinsumDense: input_shape or output_shape must give the extent of '", label, "', got ", config.input_shape,
          " and ", config.output_shape);
    shape.push_back(extents.at(label));
  }
  add_main_weight("kernel", shape, config.kernel_initializer, config.dtype);

  std::size_t first = result_.size();
  for (const char label : config.bias_axes) {
    check(has(result_, label), "EinsumDense: bias_axes must be of the result '", result_, "', got '", label, "'");
    check(extents.contains(label), "EinsumDense: output_shape must give the extent of '", label, "', got ", config.output_shape);
    first = std::min(first, result_.find(label));
  }
  for (const char label : result_.substr(first)) bias_shape.push_back(has(config.bias_axes, label) ? extents.at(label) : 1);
  bias_shape.insert(bias_shape.end(), dotted_, 1);
  if (!config.bias_axes.empty()) bias_ = add_weight("bias", bias_shape, config.bias_initializer, config.dtype.variable);

  // x (kept, contracted) times kernel (contracted, new) is a matrix product, its bias one number a column.
  const std::size_t contracted = static_cast<std::size_t>(std::ranges::count_if(kernel_axes_, [&](char label) { return !has(result_, label); }));
  const std::string added = kernel_axes_.substr(contracted);
  is_dense_ = dots_ != Dots::right && input_.ends_with(kernel_axes_.substr(0, contracted)) && contracted > 0 &&
              result_ == input_.substr(0, input_.size() - contracted) + added &&
              (config.bias_axes.empty() || (first + added.size() == result_.size() && config.bias_axes.size() == added.size()));
  if (config.lora_rank) enable_lora(*config.lora_rank, config.lora_alpha);
}

AdaptableLayer::Int8Form EinsumDense::int8_form() const {
  check(is_dense_, "EinsumDense: an int8 layer must contract the last axes with the kernel's first, got '", config_.equation, "'");
  // The scale broadcasts to the result: 1 for each axis that is the input's, dots counting as one.
  const auto contracted = static_cast<std::size_t>(std::ranges::count_if(kernel_axes_, [&](char label) { return !has(result_, label); }));
  const Shape& shape = kernel().shape();
  const Shape last(shape.begin() + static_cast<std::ptrdiff_t>(contracted), shape.end());
  Shape scale(result_.size() - last.size() + (dots_ == Dots::left ? 1 : 0), 1);
  scale.insert(scale.end(), last.begin(), last.end());
  const std::int64_t out = element_count(last);
  return {kernel().size() / out, out, false, scale};
}

ops::DenseWeights EinsumDense::cast_weights() const { return {autocast_weight(kernel(), config_.dtype), autocast(bias_, config_.dtype)}; }
ops::Int8Weights EinsumDense::int8_weights() const { return {int8_matrix(), autocast(bias_, config_.dtype)}; }

Tensor EinsumDense::forward_rows(const Tensor& x) const {
  check(is_dense_, "EinsumDense: only an equation that contracts the last axes with the kernel's first has rows, got '", config_.equation, "'");
  return product(x, bias_, activation_);
}

Tensor EinsumDense::forward(const Tensor& x) const {
  const std::size_t rank = x.shape().size();
  check(dots_ == Dots::left ? rank > input_.size() : rank == input_.size() + dotted_, "EinsumDense: input must have ",
        dots_ == Dots::left ? "more than " : "", input_.size() + dotted_, " axes (", config_.equation, "), got ", x.shape());
  if (is_dense_) {
    // Axes from the first one that is contracted on become one.
    const std::size_t kept = rank - static_cast<std::size_t>(std::ranges::count_if(input_, [&](char label) { return !has(result_, label); }));
    Shape flat(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(kept)), result = flat;
    flat.push_back(element_count({x.shape().begin() + static_cast<std::ptrdiff_t>(kept), x.shape().end()}));
    const std::size_t contracted = rank - kept;
    const Shape expected(kernel().shape().begin(), kernel().shape().begin() + static_cast<std::ptrdiff_t>(contracted));
    check(Shape(x.shape().begin() + static_cast<std::ptrdiff_t>(kept), x.shape().end()) == expected, "EinsumDense: the input's last axes must be ",
          expected, ", got ", x.shape());
    result.insert(result.end(), kernel().shape().begin() + static_cast<std::ptrdiff_t>(contracted), kernel().shape().end());
    return ops::reshape(forward_rows(ops::reshape(x, flat)), result);
  }
  const std::string letters = free_letters(input_ + kernel_axes_ + result_, rank - input_.size());
  const Tensor input = autocast(x, config_.dtype), bias = autocast(bias_, config_.dtype);
  const Tensor result = dots_ == Dots::left ? einsum(input, letters, "") : einsum(input, "", letters);
  if (!bias.defined()) return ops::activate(result, activation_);
  return ops::activate(ops::add(result, bias), activation_);
}

/// The product with its low-rank part; `left` or `right` stand for the dots.
Tensor EinsumDense::einsum(const Tensor& x, const std::string& left, const std::string& right) const {
  const std::string input = left + input_ + right, result = left + result_ + right;
  const Tensor product = ops::einsum(cat(input, ",", kernel_axes_, "->", result), x, autocast_weight(kernel(), config_.dtype));
  if (!lora_enabled()) return product;
  // The factors are joined by an axis of their own in the place of the kernel's last one, which the result has or the input.
  const char last = kernel_axes_.back(), joint = free_letters(input + kernel_axes_ + result, 1)[0];
  const auto with_joint = [&](std::string labels) {
    std::ranges::replace(labels, last, joint);
    return labels;
  };
  const std::string first = with_joint(kernel_axes_), second{joint, last};
  const Tensor a = autocast(lora().a, config_.dtype);
  const Tensor b = ops::scale(autocast(lora().b, config_.dtype), lora().alpha / static_cast<double>(lora().rank));
  const Tensor change =
      has(result, last)
          ? ops::einsum(cat(with_joint(result), ",", second, "->", result), ops::einsum(cat(input, ",", first, "->", with_joint(result)), x, a), b)
          : ops::einsum(cat(with_joint(input), ",", first, "->", result), ops::einsum(cat(input, ",", second, "->", with_joint(input)), x, b), a);
  return ops::add(product, change);
}

}  // namespace linnet
