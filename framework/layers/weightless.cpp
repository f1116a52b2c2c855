// Registers the layers that are headers only.
#include "framework/layers/add.h"
#include "framework/layers/input_layer.h"
#include "framework/layers/registry.h"

namespace linnet {
namespace {
const bool registered = register_layer<Add>("Add") && register_layer<InputLayer>("InputLayer");
}
}  // namespace linnet
