#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/layers/parameter.h"

namespace linnet {

/// True if no element is NaN or infinite; integers always are finite. One pass over the memory.
bool all_finite(const Tensor& tensor);
/// The path of the first parameter that is not all finite; none if every one is.
std::optional<std::string> first_not_finite(const std::vector<Parameter>& parameters);

}  // namespace linnet
