#pragma once

#include <memory>
#include <string_view>

#include "framework/layers/layer.h"

namespace linnet {

/// layer_from_json for layers that wrap others. Throws std::invalid_argument, beginning with `what`, for one that does not
/// take and give one tensor.
std::unique_ptr<UnaryLayer> unary_from_json(std::string_view what, std::string_view json);

}  // namespace linnet
