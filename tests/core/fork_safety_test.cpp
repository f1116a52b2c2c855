#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/ops/matmul.h"

using namespace linnet;

namespace {

std::vector<double> product() {
  const Tensor a = random_normal({300, 200}, DType::float32, {.seed = 1}), b = random_normal({200, 400}, DType::float32, {.seed = 2});
  return ops::matmul(a, b).to_vector();
}

/// How a child ends that computes after fork(): 0 if it gets the same bits; 14, killed by the alarm, if it hangs. The child's own
/// child does the same, `depth` times.
int child_of(const std::vector<double>& expected, int threads, int depth) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    int code = product() == expected && num_threads() == threads ? 0 : 1;
    if (code == 0 && depth > 1) code = child_of(expected, threads, depth - 1);
    set_num_threads(1);  // joins the child's own workers
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fork_safety)

BOOST_AUTO_TEST_CASE(a_child_computes_with_workers_of_its_own) {
  const int before = num_threads();
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    const std::vector<double> expected = product();
    for (int i = 0; i < 5; ++i) BOOST_TEST(child_of(expected, threads, 2) == 0);
    BOOST_TEST(product() == expected, boost::test_tools::per_element());
  }
  set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
