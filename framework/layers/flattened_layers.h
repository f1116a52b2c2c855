#pragma once

#include <string>
#include <vector>

#include "framework/layers/layer.h"

namespace linnet {

/// A layer within another one.
struct LayerPlace {
  std::string path;  ///< "transformer_layer_0/self_attention_layer/query", as in paths of parameters
  Layer* layer;
  /// The last part of the path: "query".
  std::string name() const { return path.substr(path.rfind('/') + 1); }
};
/// The layers below `layer` in the order of Keras' Layer._flatten_layers: its children as they were added, each followed by
/// what is below it, there the last child first.
std::vector<LayerPlace> flattened_layers(const Layer& layer);

}  // namespace linnet
