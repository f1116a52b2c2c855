#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "framework/config/json.h"
#include "framework/layers/layer.h"

namespace linnet {

/// What the registry knows of a class.
struct LayerClass {
  std::string name;
  std::type_index type;
  std::function<std::unique_ptr<Layer>(std::string_view config)> make;
  std::function<std::string(const Layer& layer)> config;
};
/// Throws std::invalid_argument if the name is taken.
bool register_layer_class(LayerClass entry);

/// Makes L known under `name` for layer_from_json and layer_to_json: at namespace scope,
/// `static const bool registered = linnet::register_layer<GatedDense>("GatedDense");`. Throws if the name is taken.
template <class L>
bool register_layer(std::string name) {
  using Config = typename L::Config;
  return register_layer_class({name, typeid(L), [name](std::string_view config) { return std::make_unique<L>(from_json<Config>(config, name)); },
                               [](const Layer& layer) { return to_json(static_cast<const L&>(layer).config()); }});
}

/// {"class_name": "Dense", "config": {...}} -> a new layer with initial weights; "int8_layers" names those below it, by path, that
/// are int8, of zeros. Throws std::invalid_argument that names the
/// class, key and value when the class is unknown or the config is not one of its own; std::runtime_error unless it is JSON
/// of that form.
std::unique_ptr<Layer> layer_from_json(std::string_view json);
/// The inverse. Throws std::invalid_argument if the layer's class is not registered.
std::string layer_to_json(const Layer& layer);
/// Sorted.
std::vector<std::string> registered_layers();

}  // namespace linnet
