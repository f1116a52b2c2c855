#include "framework/core/parallel.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/throws.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(parallel)

BOOST_AUTO_TEST_CASE(every_task_runs_once) {
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    std::vector<std::atomic<int>> runs(1000);
    parallel_tasks(1000, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
    for (const auto& count : runs) BOOST_TEST(count == 1);
  }
  set_num_threads(2);
}

BOOST_AUTO_TEST_CASE(jobs_in_quick_succession_keep_their_tasks_apart) {
  set_num_threads(4);  // more than cores: some workers come late, when the job that woke them is over
  std::int64_t wrong = 0;
  for (std::int64_t job = 0; job < 20000; ++job) {
    const std::int64_t count = 1 + job % 7;
    std::atomic<std::int64_t> sum{0};
    parallel_tasks(count, [&](std::int64_t i) { sum += 1000 * job + i; });
    wrong += sum != 1000 * job * count + count * (count - 1) / 2;
  }
  BOOST_TEST(wrong == 0);
  set_num_threads(2);
}

BOOST_AUTO_TEST_CASE(rows_are_cut_the_same_way_for_any_number_of_threads) {
  const auto parts = [](int threads) {
    set_num_threads(threads);
    std::vector<std::atomic<std::int64_t>> ends(5001);
    parallel_rows(5000, 100, [&](std::int64_t begin, std::int64_t end) { ends[static_cast<std::size_t>(begin)] = end; });
    set_num_threads(2);
    return std::vector<std::int64_t>(ends.begin(), ends.end());
  };
  BOOST_TEST(parts(1) == parts(3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nested_and_concurrent_calls_finish) {
  std::atomic<int> total{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) parallel_tasks(8, [&](std::int64_t) { parallel_tasks(3, [&](std::int64_t) { ++total; }); });
    });
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(total == 4 * 100 * 8 * 3);
}

BOOST_AUTO_TEST_CASE(a_tasks_exception_reaches_the_caller_and_the_pool_goes_on) {
  BOOST_CHECK_EXCEPTION(parallel_tasks(100,
                                       [](std::int64_t i) {
                                         if (i == 42) throw std::runtime_error("task 42");
                                       }),
                        std::runtime_error, testing::says("task 42"));
  std::atomic<int> runs{0};
  parallel_tasks(100, [&](std::int64_t) { ++runs; });
  BOOST_TEST(runs == 100);
}

BOOST_AUTO_TEST_CASE(no_rows_and_wrong_thread_counts) {
  parallel_rows(0, 10, [](std::int64_t, std::int64_t) { BOOST_ERROR("no rows, no call"); });
  BOOST_CHECK_EXCEPTION(set_num_threads(0), std::invalid_argument, testing::says("set_num_threads: must be 1 to 1024, got 0"));
}

BOOST_AUTO_TEST_CASE(a_wrong_number_of_threads_in_the_environment_is_refused) {
  const testing::ProgramResult result = testing::run_program("env", {"LINNET_NUM_THREADS=many", testing::linnet_program().string(), "bench", "ops"});
  BOOST_TEST(result.code != 0);
  BOOST_TEST(result.errors.find("LINNET_NUM_THREADS: must be 1 to 1024, got 'many'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
