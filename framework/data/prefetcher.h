#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "framework/core/profile.h"

namespace linnet {

/// Makes values on a thread of its own while the ones before are used: make(first), make(first + 1), …, make(end - 1), at most
/// `ahead` of them waiting. What make throws, next() throws in that value's place, and from then on.
template <class T>
class Prefetcher {
 public:
  Prefetcher(std::int64_t first, std::int64_t end, std::int64_t ahead, std::function<T(std::int64_t)> make)
      : ahead_(static_cast<std::size_t>(ahead)), make_(std::move(make)), thread_([this, first, end] { run(first, end); }) {}
  /// Waits for the value that is being made, if one is.
  ~Prefetcher() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next value. Not to be asked for more than there are.
  T next() {
    const ProfileScope profiled("wait for a batch");
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || error_; });
    if (ready_.empty()) std::rethrow_exception(error_);
    T value = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return value;
  }

 private:
  void run(std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || ready_.size() < ahead_; });
      if (stop_) return;
      lock.unlock();
      try {
        T value = make_(i);
        lock.lock();
        ready_.push_back(std::move(value));
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        error_ = std::current_exception();
      }
      changed_.notify_all();
      if (error_) return;
    }
  }

  std::size_t ahead_;
  std::function<T(std::int64_t)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> ready_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::thread thread_;  // the last one: it uses the others
};

}  // namespace linnet
