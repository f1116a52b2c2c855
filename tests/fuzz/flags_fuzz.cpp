#include "framework/config/flags.h"

#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

struct Options {
  struct Inner {
    std::int64_t depth = 0;
    void fields(FieldVisitor& field) { field("depth", depth); }
  };
  bool resume = false;
  std::int64_t batch_size = 32;
  double learning_rate = 0.1;
  std::string preset = "a";
  std::optional<std::int64_t> steps;
  std::optional<double> dropout;
  std::optional<std::string> output;
  std::vector<std::int64_t> sizes;
  std::vector<double> rates;
  std::vector<std::string> names;
  DTypePolicy dtype;
  Inner inner;
  void fields(FieldVisitor& field) {
    field("resume", resume);
    field("batch_size", batch_size);
    field("learning_rate", learning_rate);
    field("preset", preset);
    field("steps", steps);
    field("dropout", dropout);
    field("output", output);
    field("sizes", sizes);
    field("rates", rates);
    field("names", names);
    field("dtype", dtype);
    field("inner", inner);
  }
};

}  // namespace

/// One argument a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments(1);
  for (const char c : fuzz::text_of(data, size)) {
    if (c == '\n') arguments.emplace_back();
    else if (c != '\0') arguments.back() += c;  // argv has none
  }
  Options options;
  std::vector<std::string> texts;
  try {
    read_flags("linnet", arguments, [&](FieldVisitor& field) { options.fields(field); }, {.description = "", .positional = &texts});
    fuzz::require(texts.size() <= arguments.size(), "no text comes from nowhere");
  } catch (const FlagsEnd& end) {
    fuzz::require((end.code == 0 || end.code == 2) && !end.text.empty(), "a command line ends with help or a mistake");
  }
  return 0;
}
