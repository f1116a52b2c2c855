#pragma once

#include <cerrno>

namespace linnet {

/// The result of a system call, which is repeated while a signal interrupts it.
template <class Call>
auto unbroken(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace linnet
