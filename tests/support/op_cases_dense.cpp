#include "framework/ops/dense.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

/// Columns [column, column + out) of y become activation(x kernel + bias), all as matrices of rows; bias may be null.
void plain_dense(const Array& x, const Array& kernel, const Array* bias, Activation activation, Array& y, std::size_t column) {
  const auto in = static_cast<std::size_t>(x.shape.back()), width = static_cast<std::size_t>(y.shape.back());
  const std::size_t out = kernel.values.size() / in, rows = x.values.size() / in;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < out; ++c) {
      double sum = bias ? bias->values.at(c) : 0;
      for (std::size_t k = 0; k < in; ++k) sum += x.values.at(r * in + k) * kernel.values.at(k * out + c);
      y.values.at(r * width + column + c) = activated(activation, sum);
    }
}

struct DenseShapes {
  Shape x, kernel, y;
};
OpCase layer(const std::string& name, const DenseShapes& shapes, bool bias, Activation activation) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shapes.x), normal(shapes.kernel)};
  const std::int64_t in = shapes.x.back();
  if (bias) result.inputs.push_back(normal({element_count(shapes.kernel) / in}));
  result.call = [=](const Tensors& x) -> Tensors { return {ops::dense(x[0], x[1], bias ? x[2] : Tensor(), activation)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros(shapes.y);
    plain_dense(x[0], x[1], bias ? &x[2] : nullptr, activation, y, 0);
    return {y};
  };
  result.terms = std::max({in, element_count(shapes.x) / in, shapes.y.back()});
  return result;
}

/// An activation of rows, which follows the product.
OpCase softmax_of_a_layer() {
  OpCase result = layer("softmax", {{3, 4}, {4, 5}, {3, 5}}, true, Activation::softmax);
  result.reference = [](const Arrays& x) -> Arrays {
    Array y = Array::zeros({3, 5});
    plain_dense(x[0], x[1], &x[2], Activation::exponential, y, 0);
    for (std::int64_t r = 0; r < 3; ++r) {
      double total = 0;
      for (std::int64_t c = 0; c < 5; ++c) total += y(r, c);
      for (std::int64_t c = 0; c < 5; ++c) y(r, c) /= total;
    }
    return {y};
  };
  return result;
}

/// Query, key and value of one input, the second without a bias.
OpCase three_parts(const std::string& name, std::int64_t rows, std::int64_t in, const std::vector<Shape>& kernels) {
  OpCase result;
  result.name = name;
  result.inputs = {normal({rows, in})};
  std::int64_t width = 0;
  for (const Shape& kernel : kernels) {
    const std::int64_t out = element_count(kernel) / in;
    result.inputs.insert(result.inputs.end(), {normal(kernel), normal({out})});
    width += out;
  }
  const auto has_bias = [](std::size_t part) { return part != 1; };
  result.inputs[4].differentiable = false;
  result.call = [=](const Tensors& x) -> Tensors {
    std::vector<ops::DenseWeights> parts;
    for (std::size_t i = 0; i < kernels.size(); ++i) parts.push_back({x[1 + 2 * i], has_bias(i) ? x[2 + 2 * i] : Tensor()});
    return {ops::concatenated_dense(x[0], parts)};
  };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros({rows, width});
    for (std::size_t i = 0, column = 0; i < kernels.size(); column += x[2 + 2 * i].values.size(), ++i)
      plain_dense(x[0], x[1 + 2 * i], has_bias(i) ? &x[2 + 2 * i] : nullptr, Activation::linear, y, column);
    return {y};
  };
  result.terms = std::max({in, rows, width});
  return result;
}

}  // namespace

OpFamily dense_family() {
  OpFamily family{.op = "dense", .cases = {}, .bad_calls = {}};
  for (const Activation activation : {Activation::linear, Activation::relu, Activation::tanh, Activation::sigmoid, Activation::gelu,
                                      Activation::gelu_approximate, Activation::silu, Activation::softplus})
    for (const bool bias : {true, false})
      family.cases.push_back(layer(cat(activation, bias ? " with bias" : " without bias"), {{3, 4}, {4, 5}, {3, 5}}, bias, activation));
  const Activation gelu = Activation::gelu_approximate;
  family.cases.push_back(layer("kernel by heads", {{3, 4}, {4, 2, 3}, {3, 6}}, true, Activation::linear));
  family.cases.push_back(layer("kernel that joins heads", {{3, 6}, {2, 3, 4}, {3, 4}}, true, Activation::linear));
  family.cases.push_back(layer("input of rank 3", {{2, 3, 4}, {4, 5}, {2, 3, 5}}, true, gelu));
  family.cases.push_back(layer("a vector", {{4}, {4, 2}, {2}}, true, gelu));
  family.cases.push_back(layer("all extents one", {{1, 1}, {1, 1}, {1, 1}}, true, gelu));
  family.cases.push_back(layer("no rows", {{0, 4}, {4, 2}, {0, 2}}, true, gelu));
  family.cases.push_back(layer("large enough to be cut into tiles", {{90, 96}, {96, 256}, {90, 256}}, true, gelu));
  family.cases.push_back(softmax_of_a_layer());
  family.bad_calls = {{[] {
                         ops::dense(Tensor::zeros({32, 768}), Tensor::zeros({384, 1536}));
                       },
                       "dense: input must have 384 features, got 768 (input (32, 768), kernel (384, 1536))"},
                      {[] {
                         ops::dense(Tensor::zeros({}), Tensor::zeros({1, 1}));
                       },
                       "dense: input must have at least one axis, got a scalar"},
                      {[] {
                         ops::dense(Tensor::zeros({2, 3}), Tensor::zeros({3, 4}), Tensor::zeros({3}));
                       },
                       "dense: bias must have 4 elements, got shape (3)"},
                      {[] {
                         ops::dense(Tensor::zeros({2, 3}), Tensor::zeros({3, 4}, DType::float64));
                       },
                       "dense: input, kernel and bias must have one dtype, got float32, float64"}};
  return family;
}

OpFamily concatenated_dense_family() {
  return {.op = "concatenated_dense",
          .cases = {three_parts("matrices", 3, 4, {{4, 2}, {4, 3}, {4, 1}}), three_parts("kernels by heads", 2, 4, {{4, 2, 3}, {4, 2, 3}, {4, 2, 1}}),
                    three_parts("no rows", 0, 4, {{4, 2}, {4, 2}, {4, 2}}), three_parts("one of each", 1, 1, {{1, 1}, {1, 1}, {1, 1}}),
                    three_parts("large enough to be cut into tiles", 90, 96, {{96, 96}, {96, 96}, {96, 96}})},
          .bad_calls = {{[] {
                           ops::concatenated_dense(Tensor::zeros({2, 3}), {});
                         },
                         "concatenated_dense: there must be at least one part, got none"},
                        {[] {
                           const std::vector<ops::DenseWeights> parts{{Tensor::zeros({3, 4}), {}}, {Tensor::zeros({2, 4}), {}}};
                           ops::concatenated_dense(Tensor::zeros({2, 3}), parts);
                         },
                         "dense: input must have 2 features, got 3 (input (2, 3), kernel (2, 4))"}}};
}

}  // namespace linnet::testing
