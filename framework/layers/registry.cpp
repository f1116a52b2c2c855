#include "framework/layers/registry.h"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

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
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, false);
  check(root.is_object() && root.contains("class_name") && root["class_name"].is_string() && root.contains("config"),
        "layer_from_json: must be {\"class_name\": …, \"config\": {…}}, got ", json.substr(0, 80));
  const std::string name = root["class_name"].get<std::string>();
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
  return make(root["config"].dump());
}

std::string layer_to_json(const Layer& layer) {
  const std::lock_guard lock(registry().mutex);
  for (const auto& [name, entry] : registry().classes) {
    if (entry.type != typeid(layer)) continue;
    nlohmann::ordered_json root;
    root["class_name"] = name;
    root["config"] = nlohmann::ordered_json::parse(entry.config(layer));
    return root.dump(2);
  }
  throw std::invalid_argument(cat("layer_to_json: the layer's class must be registered, got ", layer.class_name(), " (see register_layer)"));
}

std::vector<std::string> registered_layers() {
  const std::lock_guard lock(registry().mutex);
  std::vector<std::string> names;
  for (const auto& [name, entry] : registry().classes) names.push_back(name);
  return names;
}

}  // namespace linnet
