#include "framework/core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "framework/core/error.h"
#include "framework/core/widening.h"

namespace linnet {
namespace {

constexpr std::int64_t kElementsPerTask = 16384;  // about 4 µs of memory-bound work: what waking a thread costs
constexpr int kSpins = 4000;                      // about 20 µs of waiting awake before a worker sleeps

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Workers wait for a generation number to change, then claim task numbers from one counter.
class Pool {
 public:
  explicit Pool(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    stop_ = true;
    ++generation_;
    generation_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int threads() const { return static_cast<int>(threads_.size()) + 1; }

  /// False if another caller holds the pool.
  bool run(std::int64_t count, const std::function<void(std::int64_t)>& task) {
    const std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock) return false;
    task_ = &task;
    count_ = count;
    next_ = 0;
    error_ = nullptr;
    failed_ = false;
    running_ = static_cast<int>(threads_.size());
    ++generation_;
    generation_.notify_all();
    claim();
    for (int spin = 0; running_ != 0; ++spin) {
      if (spin < kSpins) pause();
      else if (const int left = running_; left != 0) running_.wait(left);
    }
    if (error_) std::rethrow_exception(error_);
    return true;
  }

 private:
  void work() {
    for (std::uint64_t seen = 0;;) {
      for (int spin = 0; generation_ == seen; ++spin) {
        if (spin < kSpins) pause();
        else generation_.wait(seen);
      }
      seen = generation_;
      if (stop_) return;
      claim();
      if (--running_ == 0) running_.notify_one();
    }
  }

  void claim() {
    for (std::int64_t i = next_++; i < count_; i = next_++) {
      if (failed_) return;
      try {
        (*task_)(i);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
  }

  std::mutex busy_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> next_{0};
  std::atomic<int> running_{0};
  std::atomic<bool> stop_{false}, failed_{false};
  const std::function<void(std::int64_t)>* task_ = nullptr;
  std::int64_t count_ = 0;
  std::exception_ptr error_;
};

int default_threads() {
  if (const char* text = std::getenv("LINNET_NUM_THREADS")) {
    const int threads = std::atoi(text);
    check(threads >= 1 && threads <= 1024, "LINNET_NUM_THREADS: must be 1 to 1024, got '", text, "'");
    return threads;
  }
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

std::unique_ptr<Pool>& pool_slot() {
  static std::unique_ptr<Pool> pool = std::make_unique<Pool>(default_threads() - 1);
  return pool;
}

thread_local bool inside_task = false;

}  // namespace

int num_threads() { return pool_slot()->threads(); }

void set_num_threads(int threads) {
  check(threads >= 1 && threads <= 1024, "set_num_threads: must be 1 to 1024, got ", threads);
  if (threads != num_threads()) pool_slot() = std::make_unique<Pool>(threads - 1);
}

void parallel_tasks(std::int64_t count, const std::function<void(std::int64_t)>& task) {
  if (count > 1 && !inside_task && num_threads() > 1) {
    const std::function<void(std::int64_t)> marked = [&, scope = current_widening()](std::int64_t i) {
      const SharedWidening shared(scope);
      inside_task = true;
      try {
        task(i);
      } catch (...) {
        inside_task = false;
        throw;
      }
      inside_task = false;
    };
    if (pool_slot()->run(count, marked)) return;
  }
  for (std::int64_t i = 0; i < count; ++i) task(i);
}

void parallel_rows(std::int64_t rows, std::int64_t row_cost, const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (rows <= 0) return;
  const std::int64_t cost = std::max<std::int64_t>(row_cost, 1);
  const std::int64_t part = std::max<std::int64_t>(1, (kElementsPerTask + cost - 1) / cost);
  const std::int64_t parts = (rows + part - 1) / part;
  parallel_tasks(parts, [&](std::int64_t i) { body(i * part, std::min(rows, (i + 1) * part)); });
}

}  // namespace linnet
