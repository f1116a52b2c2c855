#include "tests/support/measured.h"

#include <ctime>
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

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Measured measured(const std::function<void()>& work) {
  forget_peak();
  const std::int64_t before = status_bytes("VmRSS:");
  const double begin = processor_seconds();
  work();
  const double seconds = processor_seconds() - begin;
  return {seconds, status_bytes("VmHWM:") - before};
}

bool is_memory_measurable() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // g++
  return false;
#elif defined(__has_feature)  // clang
  return !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
  return true;
#endif
}

}  // namespace linnet::testing
