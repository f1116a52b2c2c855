#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/layers/layer.h"

/// Internal to weights: where Keras puts a layer's children.
namespace linnet::weights {

/// Numbers names: "dense", "dense_1", "dense_2".
class NameCounter {
 public:
  /// The name itself at first, then with _1, _2, ….
  std::string next(const std::string& name);

 private:
  std::vector<std::pair<std::string, int>> counts_;
};

/// One path for each child, relative to the layer's group: what Keras writes today.
std::vector<std::string> child_paths(const Layer& layer);
/// All paths for each child that a reader accepts, child_paths' first.
std::vector<std::vector<std::string>> accepted_child_paths(const Layer& layer);

/// group/name, or the name alone at the root.
inline std::string join(const std::string& group, const std::string& name) { return group.empty() ? name : group + "/" + name; }

}  // namespace linnet::weights
