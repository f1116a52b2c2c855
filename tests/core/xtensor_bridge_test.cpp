#include <boost/test/unit_test.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>

#include "framework/core/xtensor.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(xtensor_bridge)

BOOST_AUTO_TEST_CASE(expressions_read_and_write_the_tensors_own_memory) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3}), row = Tensor::from<float>({10, 20, 30}, {3});
  Tensor y = Tensor::zeros({2, 3});
  auto out = as_mutable_xtensor<float>(y);
  xt::noalias(out) = as_xtensor<float>(x) * 2 + as_xtensor<float>(row);
  BOOST_TEST(y.to_vector() == (std::vector<double>{12, 24, 36, 18, 30, 42}), boost::test_tools::per_element());
  BOOST_TEST(as_xtensor<float>(x).data() == x.data<float>().data());
  BOOST_CHECK_THROW(as_xtensor<double>(x), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
