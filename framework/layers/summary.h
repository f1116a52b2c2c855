#pragma once

#include <cstdint>
#include <string>

#include "framework/layers/layer.h"

namespace linnet {

struct SummaryOptions {
  std::int64_t depth = 2;  ///< levels of children that get lines of their own; deeper ones count in their parents'
};
/// A table for people: a line a layer with its class, the shapes of its own weights and the number of its parameters, those
/// of its children included; and the totals, trained and frozen. Throws std::invalid_argument unless depth is at least 0.
std::string summary(const Layer& layer, const SummaryOptions& options = {});

}  // namespace linnet
