#include "framework/config/json.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

struct Inner {
  double rate = 0.5;
  void fields(FieldVisitor& field) { field("rate", rate); }
};

struct Everything {
  bool yes = false;
  std::int64_t count = 3;
  double value = 0.1;
  std::string text = "a";
  std::optional<std::int64_t> maybe_count = {};
  std::optional<double> maybe_value = 2.0;
  std::optional<std::string> maybe_text = {};
  std::vector<std::int64_t> counts = {1, 2};
  std::vector<double> values = {};
  std::vector<std::string> texts = {"x"};
  DTypePolicy dtype = "float64";
  Inner inner = {};
  void fields(FieldVisitor& field) {
    field("yes", yes);
    field("count", count);
    field("value", value);
    field("text", text);
    field("maybe_count", maybe_count);
    field("maybe_value", maybe_value);
    field("maybe_text", maybe_text);
    field("counts", counts);
    field("values", values);
    field("texts", texts);
    field("dtype", dtype);
    field("inner", inner);
  }
};

void check_refused(const std::string& json, const std::string& message) {
  BOOST_CHECK_EXCEPTION(from_json<Everything>(json, "Everything"), std::invalid_argument, says("Everything: ", message));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(a_config_survives_the_way_to_json_and_back) {
  Everything config;
  config.count = std::numeric_limits<std::int64_t>::min();
  config.value = 1.0 / 3;
  config.maybe_count = 7;
  config.maybe_value.reset();
  config.text = "\"\n\xC3\xA9";
  config.inner.rate = 1e-300;
  const std::string json = to_json(config);
  BOOST_TEST(to_json(from_json<Everything>(json, "Everything")) == json);
  BOOST_TEST(from_json<Everything>(json, "Everything").value == 1.0 / 3);
}

BOOST_AUTO_TEST_CASE(keys_that_are_missing_keep_their_defaults) {
  const auto config = from_json<Everything>(R"({"count": 9, "inner": {}})", "Everything");
  BOOST_TEST(config.count == 9);
  BOOST_TEST(config.text == "a");
  BOOST_TEST(config.inner.rate == 0.5);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_by_key) {
  check_refused("{", "must be JSON in UTF-8, is not in line 1");
  check_refused("[]", "must be an object, got []");
  check_refused(R"({"coutn": 1})", "unknown config key 'coutn'; known keys: count, counts, dtype, ");
  check_refused(R"({"inner": {"rat": 1}})", "inner: unknown config key 'rat'; known keys: rate");
  check_refused(R"({"inner": {"rate": "x"}})", "inner.rate must be a number, got \"x\"");
  check_refused(R"({"count": 1.5})", "count must be an integer, got 1.5");
  check_refused(R"({"count": 9223372036854775808})", "integers must fit in 64 bits, got 9223372036854775808");
  check_refused(R"({"count": 1, "count": 2})", "a key must not be there twice, got 'count'");
  check_refused(R"({"count": "3"})", "count must be an integer, got \"3\"");
  check_refused(R"({"yes": 1})", "yes must be true or false, got 1");
  check_refused(R"({"value": null})", "value must be a number, got null");
  check_refused(R"({"counts": 3})", "counts must be a list, got 3");
  check_refused(R"({"texts": [1]})", "texts[0] must be a string, got 1");
  check_refused(R"({"inner": 3})", "inner must be an object, got 3");
  check_refused(R"({"dtype": "float8"})",
                "dtype: dtype policy: must be float32, float64, bfloat16, float16, mixed_bfloat16 or mixed_float16, got 'float8'");
}

BOOST_AUTO_TEST_CASE(deep_nesting_neither_crashes_nor_hangs) {
  check_refused(std::string(100000, '['), "must not be nested more than 64 deep");
  check_refused("{\"count\": " + std::string(100000, '[') + std::string(100000, ']') + "}", "must not be nested more than 64 deep");
}

BOOST_AUTO_TEST_CASE(texts_that_are_not_utf8_are_not_written) {
  Everything config;
  config.text = "\xff";
  BOOST_CHECK_EXCEPTION(to_json(config), std::invalid_argument, says("write_json: texts must be UTF-8, got other bytes"));
}

BOOST_AUTO_TEST_SUITE_END()
