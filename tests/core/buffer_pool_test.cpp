#include "framework/core/buffer_pool.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "framework/core/tensor.h"
#include "tests/support/throws.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(buffer_pool)

BOOST_AUTO_TEST_CASE(buffers_are_aligned_and_large_enough) {
  for (const std::int64_t bytes : {0, 1, 63, 64, 65, 257, 1000, 4097, 1 << 20, (1 << 20) + 1}) {
    const Buffer buffer(bytes);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(buffer.data) % 64 == 0u);
    BOOST_TEST(buffer.bytes == bytes);
    BOOST_TEST(buffer.block_bytes >= bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_freed_block_is_used_again_also_for_smaller_requests) {
  release_cached_memory();
  { const Buffer large(1 << 20); }
  const MemoryStats before = memory_stats();
  const Buffer same(1 << 20);
  BOOST_TEST(memory_stats().system_blocks == before.system_blocks);
  BOOST_TEST(memory_stats().requests == before.requests + 1);
  BOOST_TEST(memory_stats().cached == before.cached - same.block_bytes);
}

BOOST_AUTO_TEST_CASE(active_and_peak_bytes_follow_the_live_buffers) {
  reset_peak_memory();
  const std::int64_t start = memory_stats().active;
  { const Buffer a(1 << 16), b(1 << 16); }
  BOOST_TEST(memory_stats().active == start);
  BOOST_TEST(memory_stats().peak >= start + 2 * (1 << 16));
  release_cached_memory();
  BOOST_TEST(memory_stats().cached == 0);
}

BOOST_AUTO_TEST_CASE(absurd_sizes_are_refused) {
  BOOST_CHECK_EXCEPTION(Tensor::empty({std::int64_t{1} << 32, std::int64_t{1} << 32}), std::invalid_argument,
                        testing::says("the number of elements must fit in 64 bits"));
  BOOST_CHECK_EXCEPTION(Tensor::empty({std::int64_t{1} << 61}), std::invalid_argument, testing::says("the size in bytes must fit in 64 bits"));
  BOOST_CHECK_EXCEPTION(Tensor::empty({std::int64_t{1} << 50}), std::invalid_argument, testing::says("a buffer must have 0 to 2^48 bytes"));
  BOOST_CHECK_EXCEPTION(Tensor::empty({2, -1}), std::invalid_argument, testing::says("extents must not be negative, got (2, -1)"));
}

BOOST_AUTO_TEST_SUITE_END()
