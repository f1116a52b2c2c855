#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace linnet {

/// A preset that goes by a name of its own.
struct PresetInfo {
  std::string_view name, description;
  std::int64_t parameter_count = 0;  ///< of the backbone
  std::string_view handle;
};

/// Those of KerasHub's BertBackbone, by its names: https://keras.io/keras_hub/presets. In KerasHub's order.
std::span<const PresetInfo> presets();
/// The preset of that name; null if there is none.
const PresetInfo* find_preset(std::string_view name);

}  // namespace linnet
