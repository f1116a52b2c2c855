#include "framework/layers/residual.h"

#include "framework/layers/registry.h"
#include "framework/layers/unary_from_json.h"
#include "framework/ops/elementwise.h"

namespace linnet {
namespace {
const bool registered = register_layer<Residual>("Residual");
}

Residual::Residual(const Config& config) : Residual(unary_from_json("Residual", config.layer)) {}

Residual::Residual(std::unique_ptr<UnaryLayer> layer) : layer_(static_cast<const UnaryLayer&>(adopt("layer", "", std::move(layer)))) {}

Residual::Config Residual::config() const { return {.layer = layer_to_json(layer_)}; }

Tensor Residual::forward(const Tensor& x) const {
  const Tensor y = layer_(x);
  check(y.shape() == x.shape(), "Residual: the layer must keep the input's shape ", x.shape(), ", got ", y.shape());
  return ops::add(x, y);
}

}  // namespace linnet
