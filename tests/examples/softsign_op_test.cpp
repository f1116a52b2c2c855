#include "docs/examples/softsign.h"

#include "tests/support/check_layer.h"

BOOST_AUTO_TEST_SUITE(softsign_op)

BOOST_AUTO_TEST_CASE(a_users_op_has_the_gradient_it_says) {
  const linnet::Tensor x = linnet::testing::random_input({3, 2});
  BOOST_CHECK_NO_THROW(linnet::gradcheck("softsign", [&] { return softsign(x); }, {x}));
}

BOOST_AUTO_TEST_SUITE_END()
