#include "framework/train/stop_signal.h"

#include <csignal>

#include "framework/core/error.h"

namespace linnet {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};
volatile std::sig_atomic_t asked = 0;
bool alive = false;
struct sigaction former[2];

}  // namespace

StopSignal::StopSignal() {
  check(!alive, "StopSignal: there must be one at a time, got a second");
  alive = true;
  asked = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { asked = 1; };
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);  // the second signal finds the default
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &action, &former[i]);
}

StopSignal::~StopSignal() {
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &former[i], nullptr);
  alive = false;
}

bool StopSignal::requested() const { return asked != 0; }

}  // namespace linnet
