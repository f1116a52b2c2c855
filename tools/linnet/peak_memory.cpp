#include "tools/linnet/peak_memory.h"

#include <sys/resource.h>

#include "framework/core/error.h"

namespace linnet::tool {

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::string peak_memory_text() { return cat("peak memory ", (peak_memory_bytes() + 500'000) / 1'000'000, " MB"); }

}  // namespace linnet::tool
