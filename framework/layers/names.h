#pragma once

#include <string>
#include <string_view>

namespace linnet {

/// Keras' name for a class, as keras.src.utils.naming.to_snake_case: "LayerNormalization" -> "layer_normalization".
std::string snake_case(std::string_view class_name);

}  // namespace linnet
