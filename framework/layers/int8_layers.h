#pragma once

#include <string>
#include <vector>

#include "framework/layers/layer.h"

namespace linnet {

// Which layers Layer::quantize has made int8, and how a loader makes them so again.

/// Paths of the layers in `layer` that are int8, in the order of flattened_layers; "" is `layer` itself.
std::vector<std::string> int8_layers(const Layer& layer);
/// Gives the layers at these paths int8 weights of zeros. Throws std::invalid_argument, before anything changes, for a path at
/// which no layer is that can be int8.
void make_int8(Layer& layer, const std::vector<std::string>& paths);

}  // namespace linnet
