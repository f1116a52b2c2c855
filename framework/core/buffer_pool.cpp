#include "framework/core/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "framework/core/error.h"

namespace linnet {
namespace {

constexpr std::int64_t kAlignment = 64;

/// How much larger than needed a free block may be that is taken: up to kSmall bytes, or of the next kClasses sizes. A gradient lives long:
/// in a block that was an activation's it would keep far more memory than it has numbers.
constexpr std::size_t kClasses = 3;
constexpr std::int64_t kSmall = 1 << 22;

/// Powers of two: a run whose batches differ a little in size keeps to the same blocks. The system gives memory by the page
/// when it is touched, so the unused end of a large block costs nothing.
std::int64_t size_class(std::int64_t bytes) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::max(bytes, kAlignment))));
}

/// A fresh block. Large ones in pages of 2 MiB where the system has them: a matrix product goes down columns, and each row of a
/// large matrix is another page of 4 KiB, whose translation costs more than the row. A block of a few pages gets them only as
/// far as `wanted` fills them, not to take more memory than asked for.
void* take_from_system(std::int64_t bytes, std::int64_t wanted) {
  constexpr std::int64_t kHugePage = 1 << 21, kFew = 8 * kHugePage;
  void* data = std::aligned_alloc(static_cast<std::size_t>(bytes < kHugePage ? kAlignment : kHugePage), static_cast<std::size_t>(bytes));
  const std::int64_t huge = bytes <= kFew ? wanted / kHugePage * kHugePage : bytes;
  if (data && huge > 0) madvise(data, static_cast<std::size_t>(huge), MADV_HUGEPAGE);  // advice: failure changes nothing
  return data;
}

/// Free blocks by size. A request takes the smallest block that holds it, so a run whose largest step has been seen needs
/// nothing more from the system.
class Pool {
 public:
  /// Never destroyed: tensors in static storage outlive it otherwise.
  static Pool& instance() {
    static Pool* pool = new Pool;
    return *pool;
  }

  void* acquire(std::int64_t wanted, std::int64_t& bytes) {
    check(wanted >= 0 && wanted <= std::int64_t{1} << 48, "buffer_pool: a buffer must have 0 to 2^48 bytes, got ", wanted);
    bytes = size_class(wanted);
    const std::lock_guard lock(mutex_);
    ++stats_.requests;
    void* data = take_cached(bytes);
    if (!data) {
      data = take_from_system(bytes, wanted);
      if (!data) throw std::bad_alloc();
      ++stats_.system_blocks;
    }
    stats_.active += wanted;
    stats_.peak = std::max(stats_.peak, stats_.active);
    return data;
  }

  void release(void* data, std::int64_t bytes, std::int64_t wanted) noexcept {
    const std::lock_guard lock(mutex_);
    stats_.active -= wanted;
    try {
      free_[class_of(bytes)].push_back(data);
      stats_.cached += bytes;
    } catch (const std::bad_alloc&) {
      std::free(data);
    }
  }

  MemoryStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak = stats_.active;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    for (std::vector<void*>& blocks : free_) {
      for (void* block : blocks) std::free(block);
      blocks.clear();
    }
    stats_.cached = 0;
  }

 private:
  static std::size_t class_of(std::int64_t bytes) { return static_cast<std::size_t>(std::countr_zero(static_cast<std::uint64_t>(bytes))); }

  /// The smallest free block of at least `bytes`, which is then set to the block's size; nullptr if there is none.
  void* take_cached(std::int64_t& bytes) {
    for (std::size_t i = class_of(bytes); i < std::max(class_of(bytes) + kClasses, class_of(kSmall) + 1); ++i) {
      if (free_[i].empty()) continue;
      void* data = free_[i].back();
      free_[i].pop_back();
      bytes = std::int64_t{1} << i;
      stats_.cached -= bytes;
      return data;
    }
    return nullptr;
  }

  mutable std::mutex mutex_;
  std::array<std::vector<void*>, 52> free_;  ///< by the logarithm of their size
  MemoryStats stats_;
};

}  // namespace

std::uint64_t next_version() {
  static std::atomic<std::uint64_t> counter{0};
  return counter.fetch_add(1, std::memory_order_relaxed) + 1;
}

Buffer::Buffer(std::int64_t wanted) : bytes(wanted), version(next_version()) { data = Pool::instance().acquire(wanted, block_bytes); }
Buffer::Buffer(std::shared_ptr<const void> keeper, void* start, std::int64_t size)
    : data(start), bytes(size), block_bytes(size), version(next_version()), owner(std::move(keeper)) {}
Buffer::~Buffer() {
  if (!owner) Pool::instance().release(data, block_bytes, bytes);
}

MemoryStats memory_stats() { return Pool::instance().stats(); }
void reset_peak_memory() { Pool::instance().reset_peak(); }
void release_cached_memory() { Pool::instance().clear(); }

}  // namespace linnet
