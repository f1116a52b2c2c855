#include "framework/layers/lora.h"

#include <algorithm>

#include "framework/layers/flattened_layers.h"

namespace linnet {

void enable_lora(Layer& model, std::int64_t rank, const std::vector<std::string>& targets) {
  check(rank > 0, model.class_name(), ": the rank of lora must be positive, got ", rank);
  std::vector<AdaptableLayer*> layers;
  for (const LayerPlace& place : flattened_layers(model)) {
    auto* layer = dynamic_cast<AdaptableLayer*>(place.layer);
    if (!layer || std::ranges::find(targets, place.name()) == targets.end()) continue;
    check(!layer->lora_enabled(), model.class_name(), ": lora must be enabled once, got enable_lora again for ", place.path);
    layers.push_back(layer);
  }
  std::string names;
  for (const std::string& target : targets) names += cat(names.empty() ? "" : ", ", target);
  check(!layers.empty(), model.class_name(), ": the targets of lora must name Dense, EinsumDense or embedding layers, got ",
        names.empty() ? "none" : names);
  enable_lora(model, rank, layers);
}

void enable_lora(Layer& model, std::int64_t rank, std::span<AdaptableLayer* const> layers) {
  model.set_trainable(false);
  for (AdaptableLayer* layer : layers) {
    layer->set_trainable(true);
    layer->enable_lora(rank);
  }
}

}  // namespace linnet
