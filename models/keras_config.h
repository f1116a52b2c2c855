#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/json.h"
#include "framework/config/json_value.h"

/// The form in which Keras serializes objects: {"module", "class_name", "config", "registered_name"}.
namespace linnet::keras {

/// An object of a class that KerasHub registers; `module` is the class' module in keras_hub.src.models.
JsonValue hub_object(const std::string& module, const std::string& class_name, JsonValue config);
/// The members with which the config of every Keras layer begins: name, trainable and a plain dtype policy.
JsonValue layer_config(const std::string& name, const std::string& dtype);

/// A DTypePolicyMap in which the layers at these paths are int8 and all others what the model is.
JsonValue int8_policy(const std::vector<std::string>& paths);
/// The paths of the int8 layers that the dtype of a config names; none for a plain policy. Throws std::runtime_error naming file
/// and key for other forms of quantization.
std::vector<std::string> int8_paths(const JsonValue& dtype);

/// KerasHub's class of a serialized object, by its registered name: "BertBackbone" of "keras_hub>BertBackbone" or of the older
/// package's "keras_nlp>BertBackbone"; old names of classes become the present ones. Throws std::runtime_error naming the
/// file for objects of other packages.
std::string hub_class_of(const JsonValue& object);
/// The object's config. Throws std::runtime_error naming the file unless the object is of that class.
const JsonValue& config_of(const JsonValue& object, std::string_view class_name);
/// The name of a function that was serialized as its name or as an object: "gelu_approximate".
std::string function_name(const JsonValue& function);

/// Sets the fields that `config` names. The members of every Keras layer (name, trainable, dtype), those in `ignored` and
/// nulls are passed over. Throws std::runtime_error naming file and key for one that is no field or has the wrong type.
void read_fields(const JsonValue& config, std::initializer_list<std::string_view> ignored, const FieldList& fields);

/// Runs f: a std::invalid_argument there is the file's fault and becomes a std::runtime_error that begins with `file`.
void blaming(const std::string& file, const std::function<void()>& f);

}  // namespace linnet::keras
