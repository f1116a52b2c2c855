#include "framework/core/widening.h"

#include <mutex>
#include <utility>
#include <vector>

#include "framework/core/half.h"
#include "framework/core/tensor.h"

namespace linnet {

struct WideningScope::State {
  struct Entry {
    Tensor narrow, wide;
    bool written = false;
  };
  std::mutex mutex;  // tasks of one op share the scope
  std::vector<Entry> entries;
};

namespace {
thread_local WideningScope::State* current = nullptr;
}

WideningScope::WideningScope() {
  if (current) return;
  state_ = std::make_unique<State>();
  current = state_.get();
}

WideningScope::~WideningScope() {
  if (!state_) return;
  current = nullptr;
  for (State::Entry& entry : state_->entries)
    if (entry.written) linnet::narrow(entry.narrow.dtype(), entry.wide.data<float>().data(), entry.narrow.size(), entry.narrow.mutable_raw());
}

float* widened(const Tensor& tensor, bool writable) {
  const std::lock_guard lock(current->mutex);
  for (WideningScope::State::Entry& entry : current->entries)
    if (entry.narrow.raw() == tensor.raw() && entry.narrow.size() == tensor.size() && entry.narrow.dtype() == tensor.dtype()) {
      entry.written |= writable;
      return static_cast<float*>(entry.wide.mutable_raw());
    }
  // The entry holds the tensor: memory freed and handed out again within the scope must not be taken for it.
  Tensor wide = Tensor::empty(tensor.shape());
  float* elements = wide.mutable_data<float>().data();
  widen(tensor.dtype(), tensor.raw(), tensor.size(), elements);
  current->entries.push_back({tensor.detach(), std::move(wide), writable});
  return elements;
}

WideningScope::State* current_widening() { return current; }
SharedWidening::SharedWidening(WideningScope::State* state) : previous_(std::exchange(current, state)) {}
SharedWidening::~SharedWidening() { current = previous_; }

}  // namespace linnet
