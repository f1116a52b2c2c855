#include <cmath>

#include "framework/ops/layer_norm.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

constexpr double kEpsilon = 1e-5;

/// gamma and beta may be null.
Array plain_layer_norm(const Array& x, const Array* gamma, const Array* beta) {
  Array y = Array::zeros(x.shape);
  const auto columns = static_cast<std::size_t>(x.shape.back());
  for (std::size_t row = 0; row < x.values.size(); row += columns) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < columns; ++c) mean += x.values[row + c] / static_cast<double>(columns);
    for (std::size_t c = 0; c < columns; ++c) variance += std::pow(x.values[row + c] - mean, 2) / static_cast<double>(columns);
    for (std::size_t c = 0; c < columns; ++c)
      y.values[row + c] =
          (x.values[row + c] - mean) / std::sqrt(variance + kEpsilon) * (gamma ? gamma->values.at(c) : 1) + (beta ? beta->values.at(c) : 0);
  }
  return y;
}

OpCase norm(const std::string& name, const Shape& shape, bool gamma, bool beta) {
  OpCase result;
  result.name = name;
  const std::int64_t columns = shape.back();
  result.inputs = {normal(shape, 2, 1), normal({columns}), normal({columns})};
  result.inputs[1].differentiable = gamma;
  result.inputs[2].differentiable = beta;
  result.call = [=](const Tensors& x) -> Tensors { return {ops::layer_norm(x[0], gamma ? x[1] : Tensor(), beta ? x[2] : Tensor(), kEpsilon)}; };
  result.reference = [=](const Arrays& x) -> Arrays { return {plain_layer_norm(x[0], gamma ? &x[1] : nullptr, beta ? &x[2] : nullptr)}; };
  result.terms = std::max<std::int64_t>(columns, element_count(shape) / columns);
  result.amplification = columns <= 2 ? 64 : 8;  // a row of one or two close numbers has a small deviation to divide by
  return result;
}

OpCase add_norm(const std::string& name, const Shape& shape, double dropout, const SequenceLayout* layout) {
  OpCase result = norm(name, shape, true, true);
  result.inputs.push_back(normal(shape));
  const ops::AddLayerNormOptions options{.epsilon = kEpsilon, .dropout = dropout, .layout = layout};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::add_layer_norm(x[0], x[3], x[1], x[2], options)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array sum = x[3];
    const std::int64_t columns = shape.back();
    for (std::size_t i = 0; i < sum.values.size(); ++i) {
      const std::int64_t row = static_cast<std::int64_t>(i) / columns, column = static_cast<std::int64_t>(i) % columns;
      std::int64_t global = row;
      for (std::int64_t s = 0; layout && s < layout->batch(); ++s)
        if (row >= layout->begin(s) && row < layout->end(s)) global = layout->first_row[static_cast<std::size_t>(s)] + row - layout->begin(s);
      sum.values[i] += x[0].values[i] * (dropout > 0 ? dropout_factor(dropout, global, column) : 1);
    }
    return {plain_layer_norm(sum, &x[1], &x[2])};
  };
  result.random = dropout > 0;
  return result;
}

}  // namespace

OpFamily layer_norm_family() {
  return {
      .op = "layer_norm",
      .cases = {norm("gamma and beta", {3, 5}, true, true), norm("gamma alone", {3, 5}, true, false), norm("beta alone", {3, 5}, false, true),
                norm("neither", {3, 5}, false, false), norm("rank 3", {2, 2, 4}, true, true), norm("a vector", {6}, true, true),
                norm("one column", {3, 1}, true, true), norm("one row", {1, 4}, true, true), norm("no rows", {0, 4}, true, true),
                norm("odd width over several parts", {200, 67}, true, true)},
      .bad_calls = {{[] {
                       ops::layer_norm(Tensor::zeros({2, 3}), Tensor::zeros({2}), {}, kEpsilon);
                     },
                     "layer_norm: gamma must have shape (3), got (2)"},
                    {[] {
                       ops::layer_norm(Tensor::zeros({2, 3}), {}, Tensor::zeros({3, 1}), kEpsilon);
                     },
                     "layer_norm: beta must have shape (3), got (3, 1)"},
                    {[] {
                       ops::layer_norm(Tensor::zeros({2, 3}), Tensor::zeros({3}, DType::float64), {}, kEpsilon);
                     },
                     "layer_norm: gamma must have the input's dtype float32, got float64"},
                    {[] { ops::layer_norm(Tensor::zeros({}), {}, {}, kEpsilon); }, "layer_norm: input must have at least one axis, got a scalar"}}};
}

OpFamily add_layer_norm_family() {
  // Two sequences of a larger batch: their rows of the mask are those of that batch.
  static const SequenceLayout part = [] {
    SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{2, 1});
    layout.first_row = {7, 3};
    return layout;
  }();
  return {.op = "add_layer_norm",
          .cases = {add_norm("plain", {3, 5}, 0, nullptr), add_norm("one column", {3, 1}, 0, nullptr), add_norm("no rows", {0, 4}, 0, nullptr),
                    add_norm("dropout", {3, 5}, 0.4, nullptr), add_norm("dropout over a layout", {3, 6}, 0.4, &part),
                    add_norm("dropout of everything", {3, 5}, 1, nullptr), add_norm("dropout over several parts", {200, 131}, 0.1, nullptr)},
          .bad_calls = {{[] {
                           ops::add_layer_norm(Tensor::zeros({2, 3}), Tensor::zeros({3, 2}), {}, {}, {});
                         },
                         "add_layer_norm: residual must have the input's shape (2, 3) and dtype float32, got (3, 2) and float32"},
                        {[] {
                           ops::add_layer_norm(Tensor::zeros({2, 3}), Tensor::zeros({2, 3}), Tensor::zeros({4}), {}, {});
                         },
                         "add_layer_norm: gamma must have shape (3), got (4)"}}};
}

}  // namespace linnet::testing
