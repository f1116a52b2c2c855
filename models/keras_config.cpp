#include "models/keras_config.h"

#include <algorithm>
#include <array>

#include "framework/core/error.h"

namespace linnet::keras {
namespace {

JsonValue object(const std::string& module, const std::string& class_name, JsonValue config, JsonValue registered_name) {
  return JsonValue::object(
      {{"module", module}, {"class_name", class_name}, {"config", std::move(config)}, {"registered_name", std::move(registered_name)}});
}

}  // namespace

JsonValue hub_object(const std::string& module, const std::string& class_name, JsonValue config) {
  return object("keras_hub.src.models." + module, class_name, std::move(config), "keras_hub>" + class_name);
}

JsonValue layer_config(const std::string& name, const std::string& dtype) {
  const JsonValue policy = object("keras", "DTypePolicy", JsonValue::object({{"name", dtype}}), {});
  return JsonValue::object({{"name", name}, {"trainable", true}, {"dtype", policy}});
}

JsonValue int8_policy(const std::vector<std::string>& paths) {
  const JsonValue int8 = object("keras.dtype_policies", "QuantizedDTypePolicy", JsonValue::object({{"mode", "int8"}, {"source_name", {}}}), {});
  JsonValue map = JsonValue::object();
  for (const std::string& path : paths) map.set(path, int8);
  return object("keras.dtype_policies", "DTypePolicyMap", JsonValue::object({{"default_policy", {}}, {"policy_map", map}}), {});
}

std::vector<std::string> int8_paths(const JsonValue& dtype) {
  if (!dtype.is_object() || dtype.at("class_name").text() == "DTypePolicy") return {};
  check_file(dtype.at("class_name").text() == "DTypePolicyMap", dtype.where(), " must be a DTypePolicy or a DTypePolicyMap, got ",
             dtype.at("class_name").brief());
  std::vector<std::string> paths;
  for (const auto& [path, policy] : dtype.at("config").at("policy_map").members()) {
    const std::string& name = policy.at("class_name").text();
    if (name == "DTypePolicy") continue;
    check_file(name == "QuantizedDTypePolicy" && policy.at("config").at("mode").text() == "int8", policy.where(),
               " must be a QuantizedDTypePolicy of the mode int8, got ", policy.brief());
    paths.push_back(path);
  }
  return paths;
}

std::string hub_class_of(const JsonValue& object) {
  const std::string& registered = object.at("registered_name").text();
  const std::size_t split = registered.find('>');
  const std::string package = registered.substr(0, split);
  check_file((package == "keras_hub" || package == "keras_nlp") && split != std::string::npos, object.at("registered_name").where(),
             " must name a class of keras_hub, got ", object.at("registered_name").brief());
  const std::string name = registered.substr(split + 1);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOldNames{
      {{"BertClassifier", "BertTextClassifier"}, {"BertPreprocessor", "BertTextClassifierPreprocessor"}}};
  for (const auto& [old_name, new_name] : kOldNames)
    if (name == old_name) return std::string(new_name);
  return name;
}

const JsonValue& config_of(const JsonValue& object, std::string_view class_name) {
  const std::string found = hub_class_of(object);
  check_file(found == class_name, object.where(), " must be a ", class_name, ", got a ", found);
  return object.at("config");
}

std::string function_name(const JsonValue& function) {
  if (function.is_null()) return "linear";
  const std::string name = function.is_object() ? function.at("config").text() : function.text();
  return name.substr(name.find('>') == std::string::npos ? 0 : name.find('>') + 1);
}

void read_fields(const JsonValue& config, std::initializer_list<std::string_view> ignored, const FieldList& fields) {
  JsonValue known = config;
  known.erase_if([&](const JsonValue::Member& member) {
    const auto& [name, value] = member;
    return name == "name" || name == "trainable" || name == "dtype" || value.is_null() || std::ranges::find(ignored, name) != ignored.end();
  });
  read_json(known, fields);
}

void blaming(const std::string& file, const std::function<void()>& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(cat(file, ": ", error.what()));
  }
}

}  // namespace linnet::keras
