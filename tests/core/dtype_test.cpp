#include "framework/core/dtype.h"

#include <boost/test/unit_test.hpp>

#include "framework/layers/dense.h"
#include "framework/layers/registry.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(dtype)

BOOST_AUTO_TEST_CASE(a_name_is_the_inverse_of_its_dtype) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16, DType::int8, DType::int32})
    BOOST_TEST((dtype_from_name(name_of(dtype)) == dtype));
}

BOOST_AUTO_TEST_CASE(a_policy_names_the_dtypes_of_variables_and_computation) {
  const auto check_policy = [](const char* name, DType variable, DType compute) {
    const DTypePolicy policy = name;
    BOOST_TEST(policy.variable == variable);
    BOOST_TEST(policy.compute == compute);
    BOOST_TEST(policy.name() == name);
    // Through a layer's config and back.
    const Dense layer({.input_dim = 2, .units = 3, .dtype = policy});
    BOOST_TEST(layer.kernel().dtype() == variable);
    BOOST_TEST((static_cast<const Dense&>(*layer_from_json(layer_to_json(layer))).config().dtype == policy));
  };
  check_policy("float32", DType::float32, DType::float32);
  check_policy("float64", DType::float64, DType::float64);
  check_policy("bfloat16", DType::bfloat16, DType::bfloat16);
  check_policy("float16", DType::float16, DType::float16);
  check_policy("mixed_bfloat16", DType::float32, DType::bfloat16);
  check_policy("mixed_float16", DType::float32, DType::float16);
}

BOOST_AUTO_TEST_CASE(another_policy_is_refused_rather_than_ignored) {
  for (const char* name : {"mixed_float32", "mixed_float64", "int8", "double", "mixed_", ""})
    BOOST_CHECK_EXCEPTION(DTypePolicy{name}, std::invalid_argument, [&](const std::exception& error) {
      return error.what() == cat("dtype policy: must be float32, float64, bfloat16, float16, mixed_bfloat16 or mixed_float16, got '", name, "'");
    });
}

BOOST_AUTO_TEST_CASE(an_unknown_dtype_is_refused) {
  BOOST_CHECK_EXCEPTION(dtype_from_name("float8"), std::invalid_argument, [](const std::exception& error) {
    return std::string(error.what()) == "dtype: must be float32, float64, bfloat16, float16, int8 or int32, got 'float8'";
  });
}

BOOST_AUTO_TEST_SUITE_END()
