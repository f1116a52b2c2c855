#include "framework/layers/unary_from_json.h"

#include "framework/layers/registry.h"

namespace linnet {

std::unique_ptr<UnaryLayer> unary_from_json(std::string_view what, std::string_view json) {
  std::unique_ptr<Layer> layer = layer_from_json(json);
  auto* unary = dynamic_cast<UnaryLayer*>(layer.get());
  check(unary != nullptr, what, ": a layer must take and give one tensor, got ", layer->class_name());
  layer.release();
  return std::unique_ptr<UnaryLayer>(unary);
}

}  // namespace linnet
