#include "framework/core/shape.h"

#include "framework/core/error.h"

namespace linnet {

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (std::size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  return out << ')';
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    check(extent >= 0, "shape: extents must not be negative, got ", shape);
    check(!__builtin_mul_overflow(count, extent, &count), "shape: the number of elements must fit in 64 bits, got ", shape);
  }
  return count;
}

}  // namespace linnet
