#include "framework/io/convert.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "framework/core/half.h"
#include "tests/support/throws.h"

using linnet::DType;
using linnet::Tensor;
using linnet::testing::says;

BOOST_AUTO_TEST_SUITE(convert)

BOOST_AUTO_TEST_CASE(every_16_bit_float_survives_float32) {
  std::int64_t changed = 0;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = linnet::float_from_float16(half), brain = linnet::float_from_bfloat16(half);
    if (std::isnan(wide)) changed += !std::isnan(linnet::float_from_float16(linnet::float16_from_float(wide)));
    else changed += linnet::float16_from_float(wide) != half;
    if (std::isnan(brain)) changed += !std::isnan(linnet::float_from_bfloat16(linnet::bfloat16_from_float(brain)));
    else changed += linnet::bfloat16_from_float(brain) != half;
  }
  BOOST_TEST(changed == 0);
}

BOOST_AUTO_TEST_CASE(rounding_is_to_the_nearest_and_ties_go_to_even) {
  BOOST_TEST(linnet::float16_from_float(1 + 0x1p-11f) == 0x3c00);             // tie, down to even
  BOOST_TEST(linnet::float16_from_float(1 + 0x3p-11f) == 0x3c02);             // tie, up to even
  BOOST_TEST(linnet::float16_from_float(1 + 0x1p-11f + 0x1p-20f) == 0x3c01);  // above the tie
  BOOST_TEST(linnet::float16_from_float(0x1p-25f) == 0x0000);                 // half of the smallest
  BOOST_TEST(linnet::float16_from_float(-0x1.8p-25f) == 0x8001);
  BOOST_TEST(linnet::float16_from_float(65519.996f) == 0x7bff);
  BOOST_TEST(linnet::float16_from_float(65520.0f) == 0x7c00);
  BOOST_TEST(linnet::float16_from_float(0x1.ffep-15f) == 0x0400);  // rounds up out of the subnormals
  BOOST_TEST(linnet::bfloat16_from_float(1 + 0x1p-8f) == 0x3f80);
  BOOST_TEST(linnet::bfloat16_from_float(1 + 0x3p-8f) == 0x3f82);
  BOOST_TEST(linnet::bfloat16_from_float(std::numeric_limits<float>::max()) == 0x7f80);
}

BOOST_AUTO_TEST_CASE(tensors_convert_between_all_floats) {
  const std::vector<double> values{0, -1.5, 2, 1024, -0.25};
  const Tensor source = Tensor::from(values, {5});
  for (const DType from : {DType::float32, DType::float64, DType::bfloat16, DType::float16})
    for (const DType to : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
      const Tensor there = linnet::convert(linnet::convert(source, from), to);
      BOOST_TEST(there.dtype() == to);
      BOOST_TEST(linnet::convert(there, DType::float64).to_vector() == values, boost::test_tools::per_element());
    }
  const Tensor ids = Tensor::from(std::vector<std::int32_t>{3, -4}, {2});
  BOOST_TEST(linnet::convert(linnet::convert(ids, DType::bfloat16), DType::float32).data<float>()[1] == -4.0f);
}

BOOST_AUTO_TEST_CASE(floats_do_not_become_integers) {
  BOOST_CHECK_EXCEPTION(linnet::convert(Tensor::zeros({2}), DType::int32), std::invalid_argument,
                        says("convert: a float32 tensor must not become int32"));
}

BOOST_AUTO_TEST_SUITE_END()
