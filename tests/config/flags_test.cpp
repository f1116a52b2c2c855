#include "framework/config/flags.h"

#include <boost/test/unit_test.hpp>

using namespace linnet;

namespace {

struct Options {
  std::string preset;
  std::int64_t epochs = 1;
  double learning_rate = 5e-5;
  bool json = false, shuffle = true;
  std::vector<std::string> exclude = {};
  std::optional<double> clipnorm = {};
  DTypePolicy dtype = {};
  void fields(FieldVisitor& field) {
    field("preset", preset, "where to start");
    field("epochs", epochs);
    field("learning_rate", learning_rate);
    field("json", json);
    field("shuffle", shuffle);
    field("exclude", exclude);
    field("clipnorm", clipnorm);
    field("dtype", dtype);
  }
};

Options read(const std::vector<std::string>& arguments, std::vector<std::string>* positional = nullptr) {
  Options options;
  read_flags("program", arguments, [&](FieldVisitor& field) { options.fields(field); }, {.description = "Does it.", .positional = positional});
  return options;
}

void check_end(const std::vector<std::string>& arguments, int code, const std::string& text) {
  BOOST_CHECK_EXCEPTION(read(arguments), FlagsEnd, [&](const FlagsEnd& end) {
    BOOST_TEST(end.code == code);
    BOOST_TEST(end.text.find(text) != std::string::npos, end.text);
    return true;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flags)

BOOST_AUTO_TEST_CASE(flags_set_fields_and_leave_the_others) {
  std::vector<std::string> texts;
  const Options options = read({"--preset", "bert", "--learning-rate=1e-3", "--json", "--no-shuffle", "--exclude", "bias,gamma", "--clipnorm", "2",
                                "--dtype", "float64", "one", "two words"},
                               &texts);
  BOOST_TEST(options.preset == "bert");
  BOOST_TEST(options.epochs == 1);
  BOOST_TEST(options.learning_rate == 1e-3);
  BOOST_TEST(options.json);
  BOOST_TEST(!options.shuffle);
  BOOST_TEST(options.exclude == (std::vector<std::string>{"bias", "gamma"}), boost::test_tools::per_element());
  BOOST_TEST(options.clipnorm.value() == 2);
  BOOST_TEST(options.dtype.name() == "float64");
  BOOST_TEST(texts == (std::vector<std::string>{"one", "two words"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(help_lists_flags_with_meaning_and_default) {
  check_end({"--help"}, 0, "Does it.");
  check_end({"--help"}, 0, "where to start");
  check_end({"--help"}, 0, "--epochs INT=1");
}

BOOST_AUTO_TEST_CASE(mistakes_end_with_code_two_and_point_to_the_help) {
  check_end({"--epoch", "1"}, 2, "(see program --help)");
  check_end({"--epochs", "one"}, 2, "--epochs");
  check_end({"--epochs"}, 2, "--epochs");
  check_end({"text"}, 2, "text");
  check_end({"--dtype", "float8"}, 2, "got 'float8'");
}

BOOST_AUTO_TEST_SUITE_END()
