#include "framework/core/dtype.h"

#include <boost/test/unit_test.hpp>

#include "framework/layers/dense.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(dtype)

BOOST_AUTO_TEST_CASE(a_name_is_the_inverse_of_its_dtype) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16, DType::int8, DType::int32})
    BOOST_TEST((dtype_from_name(name_of(dtype)) == dtype));
}

BOOST_AUTO_TEST_CASE(a_policy_that_is_not_computed_in_is_refused_rather_than_ignored) {
  BOOST_TEST(DTypePolicy("float64").name() == "float64");
  for (const char* name : {"mixed_bfloat16", "bfloat16", "int8", "double"})
    BOOST_CHECK_EXCEPTION(DTypePolicy{name}, std::invalid_argument, [&](const std::exception& error) {
      return std::string_view(error.what()).starts_with(cat("dtype policy: must be float32 or float64, got '", name, "'"));
    });
  BOOST_CHECK_THROW(Dense({.input_dim = 2, .units = 3, .dtype = "mixed_float16"}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
