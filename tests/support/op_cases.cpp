#include "tests/support/op_cases.h"

#include <cmath>

#include "framework/core/random.h"
#include "tests/support/op_families.h"

namespace linnet::testing {

std::vector<OpFamily> op_families() {
  std::vector<OpFamily> families = {
      matmul_family(),  dense_family(),         concatenated_dense_family(),       layer_norm_family(), add_layer_norm_family(),
      dropout_family(), cross_entropy_family(), categorical_crossentropy_family(), attention_family(),  attention_with_scores_family()};
  for (const auto& more : {loss_families(), elementwise_families(), activation_families(), reduction_families(), row_families(), shape_families(),
                           pooling_families(), slicing_families(), indexing_families(), unary_families()})
    families.insert(families.end(), more.begin(), more.end());
  return families;
}

Array Array::zeros(Shape shape) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  return {std::move(shape), std::vector<double>(count)};
}

std::size_t Array::offset(const Shape& index) const {
  if (index.size() != shape.size()) throw std::out_of_range(cat("array: index ", index, " for shape ", shape));
  std::int64_t at = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    if (index[axis] < 0 || index[axis] >= shape[axis]) throw std::out_of_range(cat("array: index ", index, " for shape ", shape));
    at = at * shape[axis] + index[axis];
  }
  return static_cast<std::size_t>(at);
}

void for_each_index(const Shape& shape, const std::function<void(const Shape& index)>& body) {
  Shape index(shape.size(), 0);
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    std::int64_t left = i;
    for (std::size_t axis = shape.size(); axis-- > 0; left /= shape[axis]) index[axis] = left % shape[axis];
    body(index);
  }
}

OpInput normal(Shape shape, double scale, double shift) {
  OpInput input;
  input.shape = std::move(shape);
  input.scale = scale;
  input.shift = shift;
  return input;
}

OpInput constant(Shape shape) {
  OpInput input = normal(std::move(shape));
  input.differentiable = false;
  return input;
}

OpInput integers(Shape shape, std::vector<double> values) {
  OpInput input = constant(std::move(shape));
  input.values = std::move(values);
  input.integer = true;
  return input;
}

Tensors make_inputs(const OpCase& op_case, DType dtype, DType rounded_to) {
  constexpr std::uint32_t kInputs = 7;  // a step of its own: the numbers differ from the masks of dropout
  Tensors tensors;
  for (const OpInput& input : op_case.inputs) {
    const auto place = static_cast<std::uint32_t>(tensors.size());
    std::vector<double> values = input.values;
    if (values.empty() && element_count(input.shape) > 0) {
      values = random_normal(input.shape, DType::float64, {kOpCaseSeed, kInputs, place}).to_vector();
      for (double& value : values) value = static_cast<double>(static_cast<float>(value * input.scale + input.shift));
    }
    const Tensor exact = Tensor::from(values, input.shape);
    tensors.push_back(input.integer ? exact.cast(DType::int32) : (is_half(rounded_to) ? exact.cast(rounded_to) : exact).cast(dtype));
    if (input.differentiable) tensors.back().set_requires_grad(true);
  }
  return tensors;
}

Arrays to_arrays(const Tensors& tensors) {
  Arrays arrays;
  for (const Tensor& tensor : tensors) arrays.push_back({tensor.shape(), tensor.to_vector()});
  return arrays;
}

double dropout_factor(double rate, std::int64_t global_row, std::int64_t column, std::uint32_t op) {
  const PhiloxBlock block = philox(kOpCaseSeed, static_cast<std::uint32_t>(global_row), static_cast<std::uint32_t>(column / 4), op, 0);
  if (rate == 1) return 0;
  return static_cast<double>(block.words[column % 4]) < std::round(rate * 0x1p32) ? 0 : 1 / (1 - rate);
}

}  // namespace linnet::testing
