#include "framework/core/warning.h"

#include <iostream>
#include <mutex>

namespace linnet {
namespace {

struct State {
  std::mutex mutex;
  WarningHandler handler;
};
State& state() {
  static State instance;
  return instance;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler handler) {
  const std::lock_guard lock(state().mutex);
  std::swap(state().handler, handler);
  return handler;
}

void warn(const std::string& message) {
  const std::lock_guard lock(state().mutex);
  if (state().handler) state().handler(message);
  else std::cerr << "linnet: warning: " << message << '\n';
}

}  // namespace linnet
