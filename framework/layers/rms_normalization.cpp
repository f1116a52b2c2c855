#include "framework/layers/rms_normalization.h"

#include "framework/layers/autocast.h"
#include "framework/layers/axes_last.h"
#include "framework/layers/registry.h"
#include "framework/ops/normalize.h"
#include "framework/ops/views.h"

namespace linnet {
namespace {
const bool registered = register_layer<RMSNormalization>("RMSNormalization");
}

void RMSNormalization::Config::fields(FieldVisitor& field) {
  field("dim", dim);
  field("axis", axis);
  field("shape", shape);
  field("epsilon", epsilon);
  field("dtype", dtype);
}

RMSNormalization::RMSNormalization(const Config& config) : config_(config) {
  check(config.epsilon >= 0, "RMSNormalization: epsilon must not be negative, got ", config.epsilon);
  scale_ =
      add_weight("scale", normalized_shape("RMSNormalization", config.dim, config.axis, config.shape), Initializer::ones(), config.dtype.variable);
}

Tensor RMSNormalization::forward(const Tensor& input) const {
  const Tensor x = autocast(input, config_.dtype);  // scale is not cast: the op computes in float32 at least
  if (config_.axis.empty()) return ops::rms_norm(x, scale_, config_.epsilon);
  const AxesLast axes("RMSNormalization", x, config_.axis, config_.shape);
  return axes.back(ops::rms_norm(axes.rows(), ops::reshape(scale_, {scale_.size()}), config_.epsilon));
}

}  // namespace linnet
