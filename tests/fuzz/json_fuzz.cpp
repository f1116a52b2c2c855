#include <cmath>
#include <new>
#include <optional>

#include "framework/config/json.h"
#include "framework/config/json_value.h"
#include "framework/layers/registry.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

/// One field of each type there is.
struct Everything {
  struct Inner {
    std::int64_t depth = 0;
    void fields(FieldVisitor& field) { field("depth", depth); }
  };
  bool truth = false;
  std::int64_t whole = 0;
  double real = 0;
  std::string text;
  std::optional<std::int64_t> maybe_whole;
  std::optional<double> maybe_real;
  std::optional<std::string> maybe_text;
  std::vector<std::int64_t> wholes;
  std::vector<double> reals;
  std::vector<std::string> texts;
  DTypePolicy dtype;
  Inner inner;
  void fields(FieldVisitor& field) {
    field("truth", truth);
    field("whole", whole);
    field("real", real);
    field("text", text);
    field("maybe_whole", maybe_whole);
    field("maybe_real", maybe_real);
    field("maybe_text", maybe_text);
    field("wholes", wholes);
    field("reals", reals);
    field("texts", texts);
    field("dtype", dtype);
    field("inner", inner);
  }
};

void visit(const JsonValue& value) {
  fuzz::require(value.where().starts_with("fuzz:"), "a value knows its place");
  fuzz::accepts([&] { value.integer(); });
  fuzz::accepts([&] { fuzz::require(std::isfinite(value.number()), "numbers are finite"); });
  if (value.is_array())
    for (const JsonValue& element : value.elements()) visit(element);
  if (value.is_object())
    for (const auto& [name, member] : value.members()) {
      fuzz::require(value.find(name) == &member, "a member is found by its name");
      visit(member);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::accepts([&] {
    const JsonValue value = JsonValue::parse(text, "fuzz");
    visit(value);
    const std::string written = value.dump();
    fuzz::require(JsonValue::parse(written, "fuzz").dump() == written, "what is written is read again");
  });
  fuzz::accepts<std::invalid_argument>([&] {
    const std::string written = to_json(from_json<Everything>(text, "fuzz"));
    fuzz::require(to_json(from_json<Everything>(written, "fuzz")) == written, "a config that is written is read again");
  });
  if (fuzz::asks_for_much(text)) return 0;
  try {
    fuzz::accepts<std::invalid_argument>([&] {
      const std::string written = layer_to_json(*layer_from_json(text));
      fuzz::require(layer_to_json(*layer_from_json(written)) == written, "a layer that is written is read again");
    });
  } catch (const std::runtime_error&) {  // no JSON, or not of that form
  } catch (const std::bad_alloc&) {      // a layer larger than memory
  }
  return 0;
}
