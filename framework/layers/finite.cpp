#include "framework/layers/finite.h"

#include <algorithm>
#include <cstdint>

#include "framework/core/parallel.h"

namespace linnet {

bool all_finite(const Tensor& tensor) {
  if (tensor.dtype() == DType::int8 || tensor.dtype() == DType::int32) return true;
  constexpr std::int64_t kPart = 65536;
  const std::int64_t parts = (tensor.size() + kPart - 1) / kPart;
  std::vector<std::uint8_t> finite(static_cast<std::size_t>(parts));
  dispatch_real(tensor.dtype(), "all_finite", [&]<class T>() {
    const T* x = tensor.data<T>().data();
    parallel_tasks(parts, [&](std::int64_t part) {
      T sum = 0;  // of zeros: anything times 0 is 0, but infinities and NaN become NaN
#pragma omp simd reduction(+ : sum)
      for (std::int64_t i = part * kPart; i < std::min(tensor.size(), (part + 1) * kPart); ++i) sum += x[i] * 0;
      finite[static_cast<std::size_t>(part)] = sum == 0;
    });
  });
  return std::ranges::all_of(finite, [](std::uint8_t value) { return value != 0; });
}

std::optional<std::string> first_not_finite(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    if (!all_finite(parameter.tensor)) return parameter.path;
  return std::nullopt;
}

}  // namespace linnet
