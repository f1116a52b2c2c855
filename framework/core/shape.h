#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

namespace linnet {

/// The extents of a tensor, outermost first. An empty shape is a scalar.
using Shape = std::vector<std::int64_t>;

/// Prints as (2, 7).
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Product of the extents; 1 for a scalar. Throws std::invalid_argument on a negative extent or if the product overflows.
std::int64_t element_count(const Shape& shape);

}  // namespace linnet
