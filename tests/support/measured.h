#pragma once

#include <cstdint>
#include <functional>

namespace linnet::testing {

/// Processor time of this thread so far: on a busy machine a clock on the wall tells of the others.
double processor_seconds();

/// What a piece of work took, in processor time of this thread. The memory is that of the whole process at its peak, above what it was before, in
/// pages that were touched: those of mapped files count. It says nothing under sanitizers, which is_memory_measurable() tells.
struct Measured {
  double seconds = 0;
  std::int64_t peak_bytes = 0;
};
Measured measured(const std::function<void()>& work);
bool is_memory_measurable();

}  // namespace linnet::testing
