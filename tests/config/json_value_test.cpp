#include "framework/config/json_value.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/throws.h"

using linnet::JsonValue;
using linnet::testing::says;

namespace {

void refuses(const std::string& text, const std::string& error) {
  BOOST_CHECK_EXCEPTION(JsonValue::parse(text, "a.json"), std::runtime_error, says("a.json: ", error));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_value)

BOOST_AUTO_TEST_CASE(what_is_parsed_is_written_again) {
  const std::string text = R"({
    "b": null,
    "a": [
        1,
        -2.5,
        1e-12,
        true,
        {},
        []
    ],
    "\u00e9": "na\u00efve \"\n"
})";
  BOOST_TEST(JsonValue::parse(text, "a.json").dump() == text);
  JsonValue value = JsonValue::object({{"x", 1.0}, {"y", "text"}});
  value.set("x", std::int64_t{2});
  value.set("z", JsonValue::array({true, {}}));
  value.erase_if([](const JsonValue::Member& member) { return member.first == "y"; });
  BOOST_TEST(value.brief() == R"({"x": 2, "z": [true, null]})");
  BOOST_TEST(value.brief(4) == "{\"x\"…");
}

BOOST_AUTO_TEST_CASE(errors_name_file_and_key) {
  const JsonValue value = JsonValue::parse(R"({"config": {"num_heads": "2", "list": [1, {"x": 3.5}]}})", "config.json");
  const JsonValue& config = value.at("config");
  BOOST_CHECK_EXCEPTION(config.at("num_heads").integer(), std::runtime_error, says("config.json: config.num_heads must be an integer, got \"2\""));
  BOOST_CHECK_EXCEPTION(config.at("list").elements()[1].at("x").text(), std::runtime_error,
                        says("config.json: config.list[1].x must be a string, got 3.5"));
  BOOST_CHECK_EXCEPTION(config.at("list").members(), std::runtime_error, says("config.json: config.list must be an object, got [1, {\"x\": 3.5}]"));
  BOOST_CHECK_EXCEPTION(config.at("heads"), std::runtime_error, says("config.json: config.heads is missing"));
  BOOST_CHECK_EXCEPTION(value.at("module"), std::runtime_error, says("config.json: key module is missing"));
  BOOST_CHECK_EXCEPTION(config.boolean(), std::runtime_error, says("config.json: config must be true or false, got {"));
  BOOST_CHECK_EXCEPTION(config.elements(), std::runtime_error, says("config must be a list"));
  BOOST_CHECK_EXCEPTION(config.number(), std::runtime_error, says("config must be a number"));
  BOOST_CHECK_EXCEPTION(JsonValue().integer(), std::runtime_error, says("json must be an integer, got null"));
  BOOST_CHECK_EXCEPTION(JsonValue::parse("{\"" + std::string(1000, 'k') + "\": [1]}", "a.json").members()[0].second.elements()[0].text(),
                        std::runtime_error, says("a.json: " + std::string(100, 'k') + "…[0] must be a string, got 1"));
  BOOST_TEST((config.find("none") == nullptr));
  BOOST_TEST(config.at("list").elements()[0].number() == 1.0);
}

BOOST_AUTO_TEST_CASE(what_is_not_strict_json_is_refused) {
  refuses("{\n\"a\": }", "must be JSON in UTF-8, is not in line 2");
  refuses("", "must be JSON in UTF-8");
  refuses("{\"a\": NaN}", "must be JSON in UTF-8");
  refuses("\"\xff\"", "must be JSON in UTF-8");
  refuses("{} {}", "must be JSON in UTF-8");
  refuses("1e999", "must be JSON in UTF-8");
  refuses(R"({"a": 1, "b": {"c": 1, "c": 2}})", "a key must not be there twice, got 'c'");
  refuses("9223372036854775808", "integers must fit in 64 bits, got 9223372036854775808");
  refuses("99999999999999999999", "integers must fit in 64 bits, got 99999999999999999999");
  refuses(std::string(65, '[') + std::string(65, ']'), "must not be nested more than 64 deep");
  refuses(std::string(10'000'000, '['), "must not be nested more than 64 deep");
}

BOOST_AUTO_TEST_SUITE_END()
