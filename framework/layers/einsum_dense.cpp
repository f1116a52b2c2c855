#include "framework/layers/einsum_dense.h"

#include <algorithm>

#include "framework/layers/registry.h"

namespace linnet {
namespace {
const bool registered = register_layer<EinsumDense>("EinsumDense");

void check_extents(std::string_view name, const Shape& shape) {
  check(!shape.empty() && std::ranges::all_of(shape, [](std::int64_t extent) { return extent > 0; }), "EinsumDense: ", name,
        " must have positive extents, got ", shape);
}
}  // namespace

void EinsumDense::Config::fields(FieldVisitor& field) {
  field("input_shape", input_shape);
  field("output_shape", output_shape);
  field("use_bias", use_bias);
  field("kernel_initializer", kernel_initializer);
  field("bias_initializer", bias_initializer);
  field("dtype", dtype);
}

EinsumDense::EinsumDense(const Config& config) : config_(config) {
  check_extents("input_shape", config.input_shape);
  check_extents("output_shape", config.output_shape);
  Shape shape = config.input_shape;
  shape.insert(shape.end(), config.output_shape.begin(), config.output_shape.end());
  kernel_ = add_weight("kernel", shape, config.kernel_initializer, config.dtype.variable);
  if (config.use_bias) bias_ = add_weight("bias", config.output_shape, config.bias_initializer, config.dtype.variable);
}

}  // namespace linnet
