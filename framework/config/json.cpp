#include "framework/config/json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "framework/config/json_value.h"
#include "framework/core/error.h"

namespace linnet {
namespace {

using Json = nlohmann::ordered_json;

class Writer : public FieldVisitor {
 public:
  Json root = Json::object();

 private:
  void visit(std::string_view name, bool& value) override { put(name, value); }
  void visit(std::string_view name, std::int64_t& value) override { put(name, value); }
  void visit(std::string_view name, double& value) override { put(name, value); }
  void visit(std::string_view name, std::string& value) override { put(name, value); }
  void visit(std::string_view name, std::optional<std::int64_t>& value) override { put_optional(name, value); }
  void visit(std::string_view name, std::optional<double>& value) override { put_optional(name, value); }
  void visit(std::string_view name, std::optional<std::string>& value) override { put_optional(name, value); }
  void visit(std::string_view name, std::vector<std::int64_t>& value) override { put(name, value); }
  void visit(std::string_view name, std::vector<double>& value) override { put(name, value); }
  void visit(std::string_view name, std::vector<std::string>& value) override { put(name, value); }
  void visit(std::string_view name, DTypePolicy& value) override { put(name, value.name()); }
  void begin(std::string_view name) override {
    put(name, Json::object());
    open_.push_back(&(*open_.back())[std::string(name)]);
  }
  void end() override { open_.pop_back(); }

  template <class T>
  void put(std::string_view name, const T& value) {
    (*open_.back())[std::string(name)] = value;
  }
  template <class T>
  void put_optional(std::string_view name, const std::optional<T>& value) {
    if (value) put(name, *value);
    else put(name, nullptr);
  }

  std::vector<Json*> open_{&root};
};

/// The value as a field's type; JsonValue's errors name the key.
template <class T>
T as(const JsonValue& value) {
  if constexpr (std::is_same_v<T, bool>) return value.boolean();
  else if constexpr (std::is_same_v<T, std::int64_t>) return value.integer();
  else if constexpr (std::is_same_v<T, double>) return value.number();
  else return value.text();
}

class Reader : public FieldVisitor {
 public:
  explicit Reader(const JsonValue& root) : open_{{&root, {}}} { root.members(); }

  /// Call after the fields: refuses keys that no field claimed.
  void finish() const {
    const auto& [object, known] = open_.back();
    if (!object) return;
    for (const auto& [key, value] : object->members()) {
      if (known.contains(key)) continue;
      std::string list;
      for (const std::string& name : known) list += cat(list.empty() ? "" : ", ", name);
      const std::string where = object->where();
      throw std::runtime_error(cat(where, where.ends_with(':') ? "" : ":", " unknown config key '", key, "'; known keys: ", list));
    }
  }

 private:
  struct Level {
    const JsonValue* object;  // null: the parent does not have this nested config
    std::set<std::string> known;
  };

  void visit(std::string_view name, bool& value) override { read(name, value); }
  void visit(std::string_view name, std::int64_t& value) override { read(name, value); }
  void visit(std::string_view name, double& value) override { read(name, value); }
  void visit(std::string_view name, std::string& value) override { read(name, value); }
  void visit(std::string_view name, std::optional<std::int64_t>& value) override { read(name, value); }
  void visit(std::string_view name, std::optional<double>& value) override { read(name, value); }
  void visit(std::string_view name, std::optional<std::string>& value) override { read(name, value); }
  void visit(std::string_view name, std::vector<std::int64_t>& value) override { read(name, value); }
  void visit(std::string_view name, std::vector<double>& value) override { read(name, value); }
  void visit(std::string_view name, std::vector<std::string>& value) override { read(name, value); }
  void visit(std::string_view name, DTypePolicy& value) override {
    const JsonValue* found = find(name);
    if (!found) return;
    try {
      value = DTypePolicy(found->text());
    } catch (const std::invalid_argument& error) {
      throw std::runtime_error(cat(found->where(), ": ", error.what()));
    }
  }
  void begin(std::string_view name) override {
    const JsonValue* found = find(name);
    if (found) found->members();
    open_.push_back({found, {}});
  }
  void end() override {
    finish();
    open_.pop_back();
  }

  const JsonValue* find(std::string_view name) {
    auto& [object, known] = open_.back();
    known.emplace(name);
    return object ? object->find(name) : nullptr;
  }
  template <class T>
  void read(std::string_view name, T& value) {
    if (const JsonValue* found = find(name)) value = as<T>(*found);
  }
  template <class T>
  void read(std::string_view name, std::optional<T>& value) {
    const JsonValue* found = find(name);
    if (!found) return;
    if (found->is_null()) value.reset();
    else value = as<T>(*found);
  }
  template <class T>
  void read(std::string_view name, std::vector<T>& value) {
    const JsonValue* found = find(name);
    if (!found) return;
    value.clear();
    for (const JsonValue& element : found->elements()) value.push_back(as<T>(element));
  }

  std::vector<Level> open_;
};

}  // namespace

std::string write_json(const FieldList& fields) {
  Writer writer;
  fields(writer);
  try {
    return writer.root.dump(2);
  } catch (const Json::type_error&) {
    throw std::invalid_argument("write_json: texts must be UTF-8, got other bytes");
  }
}

void read_json(const JsonValue& object, const FieldList& fields) {
  Reader reader(object);
  fields(reader);
  reader.finish();
}

void read_json(std::string_view json, std::string_view what, const FieldList& fields) {
  try {
    read_json(JsonValue::parse(json, std::string(what)), fields);
  } catch (const std::runtime_error& error) {
    throw std::invalid_argument(error.what());
  }
}

}  // namespace linnet
