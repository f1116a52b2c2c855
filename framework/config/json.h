#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "framework/config/fields.h"

namespace linnet {

class JsonValue;

/// The fields of a config, one call of the visitor each.
using FieldList = std::function<void(FieldVisitor&)>;

/// One JSON object with the fields in declaration order. Throws std::invalid_argument unless texts are UTF-8.
std::string write_json(const FieldList& fields);
/// Sets the fields that `json` names; the others keep their values. Throws std::invalid_argument that begins with `what` and names
/// the key on malformed JSON (see JsonValue::parse), a key that is no field or there twice, or a value of the wrong type.
void read_json(std::string_view json, std::string_view what, const FieldList& fields);
/// The same from an object that is parsed already; throws std::runtime_error, since it is a file's.
void read_json(const JsonValue& object, const FieldList& fields);

/// A config as JSON, and the other way round; see write_json and read_json.
template <HasFields C>
std::string to_json(C config) {
  return write_json([&](FieldVisitor& field) { config.fields(field); });
}
template <HasFields C>
C from_json(std::string_view json, std::string_view what) {
  C config;
  read_json(json, what, [&](FieldVisitor& field) { config.fields(field); });
  return config;
}

}  // namespace linnet
