#include "framework/io/weights_paths.h"

#include <algorithm>

#include "framework/layers/model.h"
#include "framework/layers/names.h"

namespace linnet::weights {
namespace {

/// `prefix`/<class>[_k] for every child.
std::vector<std::string> paths_by_class(const Layer& layer, const std::string& prefix) {
  NameCounter counter;
  std::vector<std::string> paths;
  for (const Layer::Child& child : layer.children()) paths.push_back(join(prefix, counter.next(snake_case(child.layer->class_name()))));
  return paths;
}

std::string spelled(const std::string& attribute, bool underscore) {
  const bool has = attribute.starts_with('_');
  if (has == underscore) return attribute;
  return underscore ? "_" + attribute : attribute.substr(1);
}

/// attribute, or attribute/<class>[_k] where several children share one or it ends in '/'.
std::string path_by_attribute(const Layer& layer, std::size_t index, const std::string& attribute) {
  const auto& own = layer.children()[index].attribute;
  const auto shares = [&](const Layer::Child& child) { return child.attribute == own; };
  const bool list = attribute.ends_with('/');
  if (!list && std::ranges::count_if(layer.children(), shares) == 1) return attribute;
  NameCounter counter;
  std::string name;
  for (const Layer::Child& child : layer.children().first(index + 1))
    if (shares(child)) name = counter.next(snake_case(child.layer->class_name()));
  return cat(attribute, list ? "" : "/", name);
}

}  // namespace

std::string NameCounter::next(const std::string& name) {
  for (auto& [known, count] : counts_)
    if (known == name) return cat(name, '_', ++count);
  counts_.emplace_back(name, 0);
  return name;
}

std::vector<std::string> child_paths(const Layer& layer) {
  if (dynamic_cast<const Model*>(&layer)) return paths_by_class(layer, "layers");
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < layer.children().size(); ++i) paths.push_back(path_by_attribute(layer, i, layer.children()[i].attribute));
  return paths;
}

std::vector<std::vector<std::string>> accepted_child_paths(const Layer& layer) {
  std::vector<std::vector<std::string>> accepted(layer.children().size());
  const auto add = [&](std::size_t child, const std::string& path) {
    if (std::ranges::find(accepted[child], path) == accepted[child].end()) accepted[child].push_back(path);
  };
  const std::vector<std::string> written = child_paths(layer);
  const bool is_model = dynamic_cast<const Model*>(&layer) != nullptr;
  const std::vector<std::string> older = is_model ? paths_by_class(layer, "_layer_checkpoint_dependencies") : written;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    add(i, written[i]);
    add(i, older[i]);
    for (const bool underscore : {false, true}) add(i, path_by_attribute(layer, i, spelled(layer.children()[i].attribute, underscore)));
  }
  return accepted;
}

}  // namespace linnet::weights
