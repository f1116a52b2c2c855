#include "framework/layers/sequential.h"

#include <algorithm>
#include <functional>

#include "framework/autograd/checkpoint.h"
#include "framework/layers/names.h"
#include "framework/layers/registry.h"
#include "framework/layers/unary_from_json.h"

namespace linnet {
namespace {
const bool registered = register_layer<Sequential>("Sequential");
}

void Sequential::Config::fields(FieldVisitor& field) {
  field("layers", layers);
  field("names", names);
}

Sequential::Sequential(const Config& config) {
  check(config.names.empty() || config.names.size() == config.layers.size(), "Sequential: names must be as many as layers, got ", config.names.size(),
        " and ", config.layers.size());
  for (std::size_t i = 0; i < config.layers.size(); ++i)
    append(unary_from_json("Sequential", config.layers[i]), config.names.empty() ? "" : config.names[i]);
}

Sequential::Config Sequential::config() const {
  Config config;
  for (const Child& child : children()) {
    config.layers.push_back(layer_to_json(*child.layer));
    config.names.push_back(child.name);
  }
  return config;
}

UnaryLayer& Sequential::append(std::unique_ptr<UnaryLayer> layer, std::string name) {
  if (name.empty()) {
    const std::string base = snake_case(layer->class_name());
    const auto taken = [&](const std::string& candidate) {
      return std::ranges::any_of(children(), [&](const Child& child) { return child.name == candidate; });
    };
    name = base;
    for (int i = 1; taken(name); ++i) name = cat(base, '_', i);
  }
  UnaryLayer& added = *layer;
  adopt("layers/", std::move(name), std::move(layer));
  layers_.push_back(&added);
  return added;
}

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const UnaryLayer* layer : layers_) y = checkpointing() ? checkpoint(std::cref(*layer), y) : layer->forward(y);
  return y;
}

}  // namespace linnet
