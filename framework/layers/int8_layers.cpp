#include "framework/layers/int8_layers.h"

#include <algorithm>

#include "framework/layers/adaptable_layer.h"
#include "framework/layers/flattened_layers.h"

namespace linnet {
namespace {

struct Adaptable {
  std::string path;
  AdaptableLayer* layer;
};
std::vector<Adaptable> adaptable_layers(const Layer& layer) {
  std::vector<Adaptable> result;
  if (const auto* self = dynamic_cast<const AdaptableLayer*>(&layer)) result.push_back({"", const_cast<AdaptableLayer*>(self)});
  for (const LayerPlace& place : flattened_layers(layer))
    if (auto* found = dynamic_cast<AdaptableLayer*>(place.layer)) result.push_back({place.path, found});
  return result;
}

}  // namespace

std::vector<std::string> int8_layers(const Layer& layer) {
  std::vector<std::string> paths;
  for (const Adaptable& place : adaptable_layers(layer))
    if (place.layer->is_int8()) paths.push_back(place.path);
  return paths;
}

void make_int8(Layer& layer, const std::vector<std::string>& paths) {
  const std::vector<Adaptable> all = adaptable_layers(layer);
  std::vector<AdaptableLayer*> chosen;
  for (const std::string& path : paths) {
    const auto found = std::ranges::find(all, path, &Adaptable::path);
    check(found != all.end(), layer.class_name(), ": an int8 layer must be a Dense, EinsumDense, Embedding or ReversibleEmbedding, got '", path,
          "', which is none");
    found->layer->check_int8();
    if (!found->layer->is_int8() && std::ranges::find(chosen, found->layer) == chosen.end()) chosen.push_back(found->layer);
  }
  for (AdaptableLayer* one : chosen) one->become_int8(false);
}

void Layer::quantize(const std::string& mode) {
  check(mode == "int8", class_name(), ": quantize must have the mode int8, got '", mode, "'");
  const std::vector<Adaptable> all = adaptable_layers(*this);
  check(!all.empty(), class_name(), ": quantize must find a Dense, EinsumDense, Embedding or ReversibleEmbedding, got none");
  for (const auto& [path, layer] : all) {
    check(!layer->is_int8(), class_name(), ": quantize must come once, got ", path.empty() ? "a layer" : "'" + path + "'", " that is int8 already");
    layer->check_int8();
  }
  for (const auto& [path, layer] : all) layer->become_int8(true);
}

}  // namespace linnet
