#include "framework/config/json_value.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "framework/core/error.h"

namespace linnet {

/// The way to a parsed value: its key or index and the way to what holds it. Values share it, so that deep places in large files
/// cost no more memory than the keys.
struct JsonValue::Place {
  std::shared_ptr<const Place> parent;  // null: the key is the file's name
  std::string key;
};

/// Builds the value event by event; nlohmann's own tree keeps the last of equal keys.
class JsonValue::Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  JsonValue root;
  std::string problem;

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return fail("integers must fit in 64 bits, got ", value);
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& text) override {
    if (text.find_first_of(".eE") == std::string::npos) return fail("integers must fit in 64 bits, got ", text);
    return add(value);
  }
  bool string(std::string& text) override { return add(text); }
  bool binary(binary_t&) override { return fail("must be text"); }
  bool start_object(std::size_t) override { return open(Object()); }
  bool start_array(std::size_t) override { return open(Array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (!open_.back().names.insert(name).second) return fail("a key must not be there twice, got '", name, "'");
    open_.back().name = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    return fail("must be JSON in UTF-8, is not in line ", 1 + std::count(text_.begin(), end, '\n'));
  }

 private:
  struct Level {
    JsonValue value;
    std::string name;  // key of the next member
    std::set<std::string> names;
  };

  template <class... Parts>
  bool fail(const Parts&... parts) {
    if (problem.empty()) problem = cat(parts...);
    return false;
  }
  bool open(JsonValue value) {
    if (open_.size() >= 64) return fail("must not be nested more than 64 deep");
    open_.push_back({std::move(value), {}, {}});
    return true;
  }
  bool open(Object object) {
    JsonValue value;
    value.value_ = std::move(object);
    return open(std::move(value));
  }
  bool open(Array array) { return open(JsonValue::array(std::move(array))); }
  bool close() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(value));
  }
  bool add(JsonValue value) {
    if (open_.empty()) {
      root = std::move(value);
      return true;
    }
    Level& level = open_.back();
    if (auto* array = std::get_if<Array>(&level.value.value_)) array->push_back(std::move(value));
    else std::get<Object>(level.value.value_).push_back({level.name, std::move(value)});
    return true;
  }

  std::string_view text_;
  std::vector<Level> open_;
};

JsonValue::JsonValue(const JsonValue& other) : place_(other.place_) {
  std::visit([&](const auto& value) { value_ = std::remove_cvref_t<decltype(value)>(value); }, other.value_);
}

JsonValue JsonValue::object(std::initializer_list<Member> members) {
  JsonValue result;
  result.value_ = Object(members);
  return result;
}

JsonValue JsonValue::array(Array elements) {
  JsonValue result;
  result.value_ = std::move(elements);
  return result;
}

JsonValue JsonValue::parse(std::string_view text, const std::string& what) {
  Reader reader(text);
  const bool parsed = nlohmann::json::sax_parse(text, &reader);
  check_file(parsed && reader.problem.empty(), what, ": ", reader.problem);
  reader.root.place(std::make_shared<Place>(Place{nullptr, what + ":"}));
  return std::move(reader.root);
}

void JsonValue::place(std::shared_ptr<const Place> place) {
  place_ = std::move(place);
  if (auto* object = std::get_if<Object>(&value_))
    for (auto& [name, value] : *object) value.place(std::make_shared<Place>(Place{place_, name}));
  if (auto* array = std::get_if<Array>(&value_))
    for (std::size_t i = 0; i < array->size(); ++i) (*array)[i].place(std::make_shared<Place>(Place{place_, cat("[", i, "]")}));
}

std::string JsonValue::where() const {
  constexpr std::size_t kLongestKey = 100;
  std::string text;
  for (const Place* place = place_.get(); place; place = place->parent.get()) {
    const bool cut = place->parent && place->key.size() > kLongestKey;
    const std::string key = cut ? place->key.substr(0, kLongestKey) + "…" : place->key;
    const bool dot = !text.empty() && !text.starts_with('[');
    text = key + (!dot ? "" : place->parent ? "." : " ") + text;
  }
  return place_ ? text : "json";
}

template <class T>
const T& JsonValue::as(std::string_view type) const {
  const T* value = std::get_if<T>(&value_);
  check_file(value != nullptr, where(), " must be ", type, ", got ", value ? "" : brief());
  return *value;
}

bool JsonValue::boolean() const { return as<bool>("true or false"); }
std::int64_t JsonValue::integer() const { return as<std::int64_t>("an integer"); }
double JsonValue::number() const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  return as<double>("a number");
}
const std::string& JsonValue::text() const { return as<std::string>("a string"); }
const JsonValue::Array& JsonValue::elements() const { return as<Array>("a list"); }
const JsonValue::Object& JsonValue::members() const { return as<Object>("an object"); }

const JsonValue* JsonValue::find(std::string_view name) const {
  const Object& object = members();
  const auto found = std::ranges::find(object, name, &Member::first);
  return found == object.end() ? nullptr : &found->second;
}

const JsonValue& JsonValue::at(std::string_view name) const {
  const JsonValue* found = find(name);
  check_file(found != nullptr, where(), place_ && !place_->parent ? " key " : ".", name, " is missing");
  return *found;
}

void JsonValue::set(std::string_view name, JsonValue value) {
  members();
  Object& object = std::get<Object>(value_);
  const auto found = std::ranges::find(object, name, &Member::first);
  if (found != object.end()) found->second = std::move(value);
  else object.push_back({std::string(name), std::move(value)});
}

void JsonValue::erase_if(const std::function<bool(const Member&)>& predicate) {
  members();
  std::erase_if(std::get<Object>(value_), predicate);
}

void JsonValue::write(std::string& out, int indent, int level) const {
  const auto newline = [&](int depth) {
    if (indent > 0) out += '\n' + std::string(static_cast<std::size_t>(indent * depth), ' ');
  };
  const auto scalar = [&](const nlohmann::json& value) { out += value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace); };
  if (const auto* object = std::get_if<Object>(&value_)) {
    out += '{';
    for (const Member& member : *object) {
      if (&member != &object->front()) out += indent > 0 ? "," : ", ";
      newline(level + 1);
      scalar(member.first);
      out += ": ";
      member.second.write(out, indent, level + 1);
    }
    if (!object->empty()) newline(level);
    out += '}';
  } else if (const auto* array = std::get_if<Array>(&value_)) {
    out += '[';
    for (const JsonValue& element : *array) {
      if (&element != &array->front()) out += indent > 0 ? "," : ", ";
      newline(level + 1);
      element.write(out, indent, level + 1);
    }
    if (!array->empty()) newline(level);
    out += ']';
  } else if (const auto* text = std::get_if<std::string>(&value_)) scalar(*text);
  else if (const auto* real = std::get_if<double>(&value_)) scalar(*real);
  else if (const auto* whole = std::get_if<std::int64_t>(&value_)) scalar(*whole);
  else if (const auto* truth = std::get_if<bool>(&value_)) scalar(*truth);
  else out += "null";
}

std::string JsonValue::dump() const {
  std::string out;
  write(out, 4, 0);
  return out;
}

std::string JsonValue::brief(std::size_t limit) const {
  std::string out;
  write(out, 0, 0);
  return out.size() > limit ? out.substr(0, limit) + "…" : out;
}

}  // namespace linnet
