#include "framework/core/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "framework/core/error.h"
#include "framework/core/profile.h"
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

/// A job is a count of tasks. Threads claim them one by one from a ticket that holds the job's number beside that of its
/// next task, so that the claim of a thread which comes late fails. The caller therefore waits for tasks under way only, never for
/// a thread that is still waking up: what it could not share it has done itself.
class Pool {
 public:
  explicit Pool(int workers) : Pool() {  // delegates: if a thread cannot be started, the destructor ends those before it
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    stop_ = true;
    ++calls_;
    calls_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int threads() const { return static_cast<int>(threads_.size()) + 1; }

  /// False if another caller holds the pool.
  bool run(int count, const std::function<void(std::int64_t)>& task) {
    const std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock) return false;
    const std::uint64_t job = ticket_ / kJob + 1;
    ticket_ = job * kJob + kNone;  // before the job changes, so that no old claim takes a new task
    task_ = &task;
    count_ = count;
    left_ = count;
    failed_ = false;
    error_ = nullptr;
    ticket_ = job * kJob;
    ++calls_;
    calls_.notify_all();
    claim();
    for (int spin = 0; left_ != 0; ++spin) {
      if (spin < kSpins) pause();
      else if (const int left = left_; left != 0) left_.wait(left);
    }
    if (error_) std::rethrow_exception(error_);
    return true;
  }

 private:
  Pool() = default;
  static constexpr std::uint64_t kJob = std::uint64_t{1} << 32, kNone = kJob - 1;

  void work() {
    for (int seen = 0;;) {
      for (int spin = 0; calls_ == seen; ++spin) {
        if (spin < kSpins) pause();
        else calls_.wait(seen);
      }
      seen = calls_;
      if (stop_) return;
      claim();
    }
  }

  void claim() {
    int done = 0;
    for (std::uint64_t ticket = ticket_;;) {
      const auto i = static_cast<std::int64_t>(ticket % kJob);
      const auto* task = task_.load();
      if (i >= count_) break;
      if (!ticket_.compare_exchange_weak(ticket, ticket + 1)) continue;
      ++ticket;
      ++done;
      if (failed_) continue;
      try {
        (*task)(i);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
    if (done > 0 && (left_ -= done) == 0) left_.notify_one();
  }

  std::mutex busy_;
  std::vector<std::thread> threads_;
  std::atomic<int> calls_{0};  ///< what workers wait for: it changes with each job
  std::atomic<std::uint64_t> ticket_{kNone};
  std::atomic<const std::function<void(std::int64_t)>*> task_{nullptr};
  std::atomic<int> count_{0}, left_{0};
  std::atomic<bool> stop_{false}, failed_{false};
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

std::atomic<bool> forked{false};  // this is a child of fork(): the pool's workers did not come along

std::unique_ptr<Pool> first_pool() {
  ::pthread_atfork(nullptr, nullptr, [] { forked = true; });
  return std::make_unique<Pool>(default_threads() - 1);
}

std::unique_ptr<Pool>& pool_slot() {
  static std::unique_ptr<Pool> pool = first_pool();
  if (forked) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (forked) {
      static Pool* parents = nullptr;  // never destroyed: there is nobody to join
      parents = pool.release();
      pool = std::make_unique<Pool>(parents->threads() - 1);
      forked = false;
    }
  }
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
  if (count > 1 && count <= std::numeric_limits<int>::max() && !inside_task && num_threads() > 1) {
    const ProfileScope* profiled = ProfileScope::profiling() ? ProfileScope::current() : nullptr;
    const std::function<void(std::int64_t)> marked = [&, profiled, scope = current_widening()](std::int64_t i) {
      const SharedWidening shared(scope);
      const ProfileShare share(profiled && profiled != ProfileScope::current() ? profiled : nullptr);
      inside_task = true;
      try {
        task(i);
      } catch (...) {
        inside_task = false;
        throw;
      }
      inside_task = false;
    };
    if (pool_slot()->run(static_cast<int>(count), marked)) return;
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
