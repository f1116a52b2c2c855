#include "framework/config/json.h"

#include <limits>
#include <nlohmann/json.hpp>

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

class Reader : public FieldVisitor {
 public:
  Reader(const Json& root, std::string_view what) : what_(what), open_{{&root, {}}} {}

  /// Call after the fields: refuses keys that no field claimed.
  void finish() const {
    const Level& level = open_.back();
    if (!level.object) return;
    for (const auto& [key, value] : level.object->items()) {
      std::vector<std::string> known = level.known;
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::sort(known.begin(), known.end());
      std::string list;
      for (const std::string& name : known) list += cat(list.empty() ? "" : ", ", name);
      throw std::invalid_argument(cat(what_, ": unknown config key '", key, "'; known keys: ", list));
    }
  }

 private:
  struct Level {
    const Json* object;  // null: the parent does not have this nested config
    std::vector<std::string> known;
  };

  void visit(std::string_view name, bool& value) override {
    if (const Json* found = find(name)) value = boolean(name, *found);
  }
  void visit(std::string_view name, std::int64_t& value) override {
    if (const Json* found = find(name)) value = integer(name, *found);
  }
  void visit(std::string_view name, double& value) override {
    if (const Json* found = find(name)) value = number(name, *found);
  }
  void visit(std::string_view name, std::string& value) override {
    if (const Json* found = find(name)) value = text(name, *found);
  }
  void visit(std::string_view name, std::optional<std::int64_t>& value) override { read_optional(name, value, &Reader::integer); }
  void visit(std::string_view name, std::optional<double>& value) override { read_optional(name, value, &Reader::number); }
  void visit(std::string_view name, std::optional<std::string>& value) override { read_optional(name, value, &Reader::text); }
  void visit(std::string_view name, std::vector<std::int64_t>& value) override { read_list(name, value, &Reader::integer); }
  void visit(std::string_view name, std::vector<double>& value) override { read_list(name, value, &Reader::number); }
  void visit(std::string_view name, std::vector<std::string>& value) override { read_list(name, value, &Reader::text); }
  void visit(std::string_view name, DTypePolicy& value) override {
    if (const Json* found = find(name)) value = DTypePolicy(text(name, *found));
  }
  void begin(std::string_view name) override {
    const Json* found = find(name);
    require(!found || found->is_object(), name, "an object", found);
    open_.push_back({found, {}});
  }
  void end() override {
    finish();
    open_.pop_back();
  }

  const Json* find(std::string_view name) {
    Level& level = open_.back();
    level.known.emplace_back(name);
    if (!level.object) return nullptr;
    const auto found = level.object->find(std::string(name));
    return found == level.object->end() ? nullptr : &*found;
  }

  void require(bool ok, std::string_view name, std::string_view type, const Json* got) const {
    check(ok, what_, ": config key '", name, "' must be ", type, ", got ", got ? got->dump().substr(0, 60) : "nothing");
  }
  bool boolean(std::string_view name, const Json& value) const {
    require(value.is_boolean(), name, "true or false", &value);
    return value.get<bool>();
  }
  std::int64_t integer(std::string_view name, const Json& value) const {
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    require(fits, name, "an integer", &value);
    return value.get<std::int64_t>();
  }
  double number(std::string_view name, const Json& value) const {
    require(value.is_number(), name, "a number", &value);
    return value.get<double>();
  }
  std::string text(std::string_view name, const Json& value) const {
    require(value.is_string(), name, "a string", &value);
    return value.get<std::string>();
  }
  template <class T>
  using Convert = T (Reader::*)(std::string_view, const Json&) const;
  template <class T>
  void read_optional(std::string_view name, std::optional<T>& value, Convert<T> convert) {
    const Json* found = find(name);
    if (!found) return;
    if (found->is_null()) value.reset();
    else value = (this->*convert)(name, *found);
  }
  template <class T>
  void read_list(std::string_view name, std::vector<T>& value, Convert<T> convert) {
    const Json* found = find(name);
    if (!found) return;
    require(found->is_array(), name, "a list", found);
    value.clear();
    for (const Json& element : *found) value.push_back((this->*convert)(name, element));
  }

  std::string_view what_;
  std::vector<Level> open_;
};

}  // namespace

std::string write_json(const FieldList& fields) {
  Writer writer;
  fields(writer);
  return writer.root.dump(2);
}

void read_json(std::string_view json, std::string_view what, const FieldList& fields) {
  constexpr int kDeepest = 64;  // values are printed in messages, level by level
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    check(depth <= kDeepest, what, ": the config must be nested at most ", kDeepest, " deep, got more");
    return true;
  };
  const Json root = Json::parse(json, shallow, false);
  check(!root.is_discarded(), what, ": the config must be JSON, got ", json.substr(0, 60));
  check(root.is_object(), what, ": the config must be a JSON object, got ", root.dump().substr(0, 60));
  Reader reader(root, what);
  fields(reader);
  reader.finish();
}

}  // namespace linnet
