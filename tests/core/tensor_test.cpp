#include "framework/core/tensor.h"

#include <boost/test/unit_test.hpp>

using linnet::DType;
using linnet::Shape;
using linnet::Tensor;

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(a_tensor_holds_the_values_it_was_made_from) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  BOOST_TEST(x.size() == 6);
  BOOST_TEST(x.rows() == 2);
  BOOST_TEST(x.dim(-1) == 3);
  BOOST_TEST(x.data<float>()[4] == 5);
}

BOOST_AUTO_TEST_SUITE_END()
