#include "tests/support/measured.h"

#include <chrono>
#include <fstream>
#include <string>

namespace linnet::testing {
namespace {

std::int64_t status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return std::stoll(line.substr(key.size())) * 1024;
  return 0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

}  // namespace

Measured measured(const std::function<void()>& work) {
  forget_peak();
  const std::int64_t before = status_bytes("VmRSS:");
  const auto begin = std::chrono::steady_clock::now();
  work();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {seconds, status_bytes("VmHWM:") - before};
}

bool is_memory_measurable() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

}  // namespace linnet::testing
