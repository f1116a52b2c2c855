#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace linnet {

/// Of core/derived.h alone.
struct DerivedTensors {
  struct Entry;
  DerivedTensors();
  ~DerivedTensors();
  std::mutex mutex;
  std::vector<Entry> entries;
};

/// A 64-byte-aligned block of memory from the pool, which goes back to it when the last owner drops it, or memory of somebody else.
struct Buffer {
  explicit Buffer(std::int64_t bytes);
  /// Memory that `owner` keeps alive, of any alignment; the pool and its statistics do not know it.
  Buffer(std::shared_ptr<const void> owner, void* data, std::int64_t bytes);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* data = nullptr;
  std::int64_t bytes = 0;              ///< what was asked for
  std::int64_t block_bytes = 0;        ///< what the block has: the next power of two, or a larger block that was free
  std::atomic<std::uint64_t> version;  ///< see Tensor::version
  std::shared_ptr<const void> owner;   ///< null: the pool
  DerivedTensors derived;
};

/// A fresh number, never repeated in this process.
std::uint64_t next_version();

/// Sizes in bytes, counts since the start of the process.
struct MemoryStats {
  std::int64_t active = 0;         ///< bytes of live buffers, as asked for
  std::int64_t peak = 0;           ///< highest `active` since the last reset_peak_memory()
  std::int64_t cached = 0;         ///< bytes of free blocks kept for reuse
  std::int64_t system_blocks = 0;  ///< blocks ever taken from the system
  std::int64_t requests = 0;       ///< buffers ever handed out
};
MemoryStats memory_stats();
void reset_peak_memory();
/// Gives the cached blocks back to the system.
void release_cached_memory();

}  // namespace linnet
