// Compiled once, unlike the kernels: what core/half.h declares, by this CPU's variant.
#include "framework/core/half.h"

#include "framework/core/parallel.h"
#include "framework/kernels/table.h"

namespace linnet {

void widen(DType half, const void* from, std::int64_t n, float* to) {
  const auto& convert = kernels::table<float>().convert;
  const auto kernel = half == DType::bfloat16 ? convert.from_bfloat16 : convert.from_float16;
  const auto* bits = static_cast<const std::uint16_t*>(from);
  parallel_rows(n, 1, [=](std::int64_t begin, std::int64_t end) { kernel(bits + begin, 0, 1, end - begin, to + begin, 0); });
}

void narrow(DType half, const float* from, std::int64_t n, void* to) {
  const auto& convert = kernels::table<float>().convert;
  const auto kernel = half == DType::bfloat16 ? convert.to_bfloat16 : convert.to_float16;
  auto* bits = static_cast<std::uint16_t*>(to);
  parallel_rows(n, 1, [=](std::int64_t begin, std::int64_t end) { kernel(from + begin, 0, 1, end - begin, bits + begin, 0); });
}

}  // namespace linnet
