#pragma once

#include <cstdint>
#include <functional>

namespace linnet {

/// Threads that ops may use, the caller's included. At the start: the environment's LINNET_NUM_THREADS, else every core
/// the process may run on. After fork() a child has as many, of its own; fork() while another thread computes is not supported.
int num_threads();
/// Throws std::invalid_argument unless 1 <= threads <= 1024. Not while ops run.
void set_num_threads(int threads);

/// Runs task(0) … task(count - 1), spread over the pool; the caller takes part and returns when all are done. Which tasks
/// exist must not depend on the number of threads: then results do not either. Callers on several threads, and nested
/// calls, are fine: who finds the pool busy runs its tasks itself. The first exception of a task is thrown again here.
void parallel_tasks(std::int64_t count, const std::function<void(std::int64_t)>& task);

/// Runs body(begin, end) over parts of [0, rows), for work in which rows do not touch each other. `row_cost` is about the
/// number of elements a row reads and writes: little work stays on the calling thread.
void parallel_rows(std::int64_t rows, std::int64_t row_cost, const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace linnet
