#include "framework/layers/flattened_layers.h"

#include "framework/layers/model.h"

namespace linnet {
namespace {

void append_reversed(const Layer& layer, const std::string& prefix, std::vector<LayerPlace>& places);

void append(const Layer::Child& child, const std::string& prefix, std::vector<LayerPlace>& places) {
  places.push_back({prefix + child.name, child.layer.get()});
  const bool is_model = dynamic_cast<const Model*>(child.layer.get()) != nullptr;  // leaves no trace in paths of parameters either
  append_reversed(*child.layer, is_model ? prefix : prefix + child.name + "/", places);
}

void append_reversed(const Layer& layer, const std::string& prefix, std::vector<LayerPlace>& places) {
  for (std::size_t i = layer.children().size(); i-- > 0;) append(layer.children()[i], prefix, places);
}

}  // namespace

std::vector<LayerPlace> flattened_layers(const Layer& layer) {
  std::vector<LayerPlace> places;
  for (const Layer::Child& child : layer.children()) append(child, "", places);
  return places;
}

}  // namespace linnet
