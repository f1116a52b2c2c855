#include "framework/layers/registry.h"

#include <map>
#include <mutex>

#include "framework/config/json_value.h"
#include "framework/layers/int8_layers.h"

namespace linnet {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, LayerClass, std::less<>> classes;
};
Registry& registry() {
  static Registry instance;  // made by the first registration, so the order of static initialisers does not matter
  return instance;
}

}  // namespace

bool register_layer_class(LayerClass entry) {
  const std::lock_guard lock(registry().mutex);
  const auto [place, added] = registry().classes.try_emplace(entry.name, entry);
  check(added || place->second.type == entry.type, "register_layer: the name must be new, got '", entry.name, "' twice");
  return true;
}

std::unique_ptr<Layer> layer_from_json(std::string_view json) {
  const JsonValue root = JsonValue::parse(json, "layer_from_json");
  const std::string& name = root.at("class_name").text();
  const std::string config = root.at("config").dump();
  std::function<std::unique_ptr<Layer>(std::string_view)> make;
  {
    const std::lock_guard lock(registry().mutex);
    if (const auto found = registry().classes.find(name); found != registry().classes.end()) make = found->second.make;
  }
  if (!make) {
    std::string known;
    for (const std::string& other : registered_layers()) known += cat(known.empty() ? "" : ", ", other);
    throw std::invalid_argument(cat("layer_from_json: the class must be registered, got '", name, "' (known: ", known, ")"));
  }
  std::unique_ptr<Layer> layer = make(config);
  if (const JsonValue* paths = root.find("int8_layers")) {
    std::vector<std::string> int8;
    for (const JsonValue& path : paths->elements()) int8.push_back(path.text());
    make_int8(*layer, int8);
  }
  return layer;
}

std::string layer_to_json(const Layer& layer) {
  std::string name;
  std::function<std::string(const Layer&)> config;  // called without the lock: a layer may hold others
  {
    const std::lock_guard lock(registry().mutex);
    for (const auto& [known, entry] : registry().classes)
      if (entry.type == typeid(layer)) {
        name = known;
        config = entry.config;
      }
  }
  if (!config)
    throw std::invalid_argument(cat("layer_to_json: the layer's class must be registered, got ", layer.class_name(), " (see register_layer)"));
  JsonValue json = JsonValue::object({{"class_name", name}, {"config", JsonValue::parse(config(layer), name)}});
  const std::vector<std::string> int8 = int8_layers(layer);
  if (!int8.empty()) json.set("int8_layers", JsonValue::array({int8.begin(), int8.end()}));
  return json.dump();
}

std::vector<std::string> registered_layers() {
  const std::lock_guard lock(registry().mutex);
  std::vector<std::string> names;
  for (const auto& [name, entry] : registry().classes) names.push_back(name);
  return names;
}

}  // namespace linnet
