#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace linnet {

/// JSON from or for a file, with the keys of objects in their order. A parsed value knows its place, so that every error says
/// which key of which file is wrong: `config.json: config.num_heads must be an integer, got "2"`.
/// Reading a value as what it is not throws std::runtime_error.
class JsonValue {
 public:
  using Member = std::pair<std::string, JsonValue>;  ///< name and value
  using Array = std::vector<JsonValue>;
  using Object = std::vector<Member>;

  JsonValue() = default;  ///< null
  JsonValue(bool value) : value_(value) {}
  JsonValue(std::int64_t value) : value_(value) {}
  JsonValue(double value) : value_(value) {}
  JsonValue(std::string value) : value_(std::move(value)) {}
  JsonValue(const char* value) : value_(std::string(value)) {}
  /// Spelled out: the variant's own crashes in g++ 12 when memory ends while it copies.
  JsonValue(const JsonValue& other);
  JsonValue(JsonValue&&) noexcept = default;
  JsonValue& operator=(const JsonValue& other) { return *this = JsonValue(other); }
  JsonValue& operator=(JsonValue&&) noexcept = default;
  ~JsonValue() = default;
  /// With these members, in this order.
  static JsonValue object(std::initializer_list<Member> members = {});
  static JsonValue array(Array elements);

  /// `what` is the file's name, for errors. Throws std::runtime_error with the line unless `text` is one JSON value in UTF-8
  /// without keys that are there twice, NaN, infinities and integers beyond 64 bits, and nested at most 64 deep.
  static JsonValue parse(std::string_view text, const std::string& what);
  /// As json.dumps(indent=4) of Python: four spaces a level, non-ASCII characters escaped, no newline at the end.
  std::string dump() const;
  /// On one line, for messages; at most `limit` bytes.
  std::string brief(std::size_t limit = 60) const;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_text() const { return std::holds_alternative<std::string>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;
  const std::string& text() const;
  const Array& elements() const;
  const Object& members() const;

  /// The member of that name, none if there is none.
  const JsonValue* find(std::string_view name) const;
  /// Throws if there is none.
  const JsonValue& at(std::string_view name) const;
  /// Replaces the member or adds it at the end.
  void set(std::string_view name, JsonValue value);
  /// Removes the members that the predicate is true of.
  void erase_if(const std::function<bool(const Member&)>& predicate);

  /// "config.json: config.num_heads", for errors about the value; long keys are cut.
  std::string where() const;

 private:
  class Reader;
  struct Place;
  void write(std::string& out, int indent, int level) const;
  template <class T>
  const T& as(std::string_view type) const;
  void place(std::shared_ptr<const Place> place);

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_ = nullptr;
  std::shared_ptr<const Place> place_;  // null: it was not parsed
};

}  // namespace linnet
