#include <boost/test/unit_test.hpp>

#include "framework/autograd/tape.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/reductions.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(long_graph)

// Graphs that are destroyed by recursion overflow the stack here.
BOOST_AUTO_TEST_CASE(a_hundred_thousand_nodes_in_a_chain_run_backward_and_go) {
  Tensor x = Tensor::full({3}, 1);
  x.set_requires_grad(true);
  const auto chain = [&] {
    Tensor y = x;
    for (int i = 0; i < 100'000; ++i) y = y + 1;
    return y;
  };
  {
    Tape tape;
    tape.backward(ops::sum(chain()));
  }
  BOOST_TEST(x.grad().to_vector() == std::vector<double>(3, 1), boost::test_tools::per_element());
  const Tape dropped;
  BOOST_TEST(chain().to_vector()[0] == 100'001);
}

BOOST_AUTO_TEST_SUITE_END()
