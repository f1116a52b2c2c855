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
  kernel_ = add_weight("kernel", shape, config.kernel_initializer, config.dtype.variable);

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
}

ops::DenseWeights EinsumDense::cast_weights() const { return {autocast(kernel_, config_.dtype), autocast(bias_, config_.dtype)}; }

Tensor EinsumDense::forward_rows(const Tensor& x) const {
  check(is_dense_, "EinsumDense: only an equation that contracts the last axes with the kernel's first has rows, got '", config_.equation, "'");
  const auto [kernel, bias] = cast_weights();
  return ops::dense(autocast(x, config_.dtype), kernel, bias, activation_);
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
    const Shape expected(kernel_.shape().begin(), kernel_.shape().begin() + static_cast<std::ptrdiff_t>(contracted));
    check(Shape(x.shape().begin() + static_cast<std::ptrdiff_t>(kept), x.shape().end()) == expected, "EinsumDense: the input's last axes must be ",
          expected, ", got ", x.shape());
    result.insert(result.end(), kernel_.shape().begin() + static_cast<std::ptrdiff_t>(contracted), kernel_.shape().end());
    return ops::reshape(forward_rows(ops::reshape(x, flat)), result);
  }
  const std::string letters = free_letters(input_ + kernel_axes_ + result_, rank - input_.size());
  const bool left = dots_ == Dots::left;
  const auto [kernel, bias] = cast_weights();
  const Tensor product = ops::einsum(
      left ? cat(letters, input_, ",", kernel_axes_, "->", letters, result_) : cat(input_, letters, ",", kernel_axes_, "->", result_, letters),
      autocast(x, config_.dtype), kernel);
  if (!bias.defined()) return ops::activate(product, activation_);
  return ops::activate(ops::add(product, bias), activation_);
}

}  // namespace linnet
