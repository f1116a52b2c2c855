#pragma once

#include <memory>
#include <optional>

#include "framework/io/weights.h"
#include "models/bert/bert_presets.h"
#include "models/keras_config.h"
#include "models/preset_files.h"

/// What BERT's tasks share in reading and writing presets. Internal to this folder.
namespace linnet::bert {

/// The config of the preset's task.json; none unless it is there and of that class.
std::optional<JsonValue> read_task(const std::filesystem::path& directory, std::string_view class_name);
/// The weights of a task besides the backbone's, from task.weights.h5 or the whole model's file. Throws std::runtime_error with
/// all that does not fit.
void load_head(const std::filesystem::path& directory, Layer& task, const BertBackbone& backbone);

/// Sets `fields` from preprocessor.json if that is of the class, and caps sequence_length, one of them, at what the backbone
/// takes; `given` replaces the preset's. Returns the file to blame for wrong values.
std::string read_preprocessor_config(const std::filesystem::path& directory, std::string_view class_name, const BertBackbone::Config& backbone,
                                     std::optional<std::int64_t> given, std::int64_t& sequence_length, const FieldList& fields);
/// A task's preprocessor: the preset's if it is of class P, else one with the preset's tokenizer and defaults.
template <class P>
std::shared_ptr<const P> load_preprocessor(const std::filesystem::path& directory, std::string_view class_name, const BertBackbone::Config& backbone,
                                           std::optional<std::int64_t> sequence_length, const TokenizerOptions& options = {}) {
  typename P::Config config;
  const std::string source = read_preprocessor_config(directory, class_name, backbone, sequence_length, config.sequence_length,
                                                      [&](FieldVisitor& field) { config.fields(field); });
  const std::shared_ptr<const BertTokenizer> tokenizer = load_tokenizer(directory, options);
  std::shared_ptr<const P> preprocessor;
  keras::blaming(source, [&] { preprocessor = std::make_shared<P>(tokenizer, config); });
  return preprocessor;
}

/// A preprocessor as KerasHub writes it: `config` has the members of its class behind the tokenizer, in order.
JsonValue preprocessor_object(const std::string& module, const std::string& class_name, const BertTokenizer& tokenizer, const JsonValue& config);

/// A task to be saved.
struct TaskToSave {
  const Layer& task;
  const BertBackbone& backbone;
  JsonValue config;                          ///< the members of task.json's config behind backbone and preprocessor
  JsonValue preprocessor = {};               ///< as KerasHub writes it; null: the task has none
  const BertTokenizer* tokenizer = nullptr;  ///< the preprocessor's
  bool has_head = true;                      ///< weights of its own
};
/// Writes task.json, task.weights.h5, the backbone's files, preprocessor.json, tokenizer.json and the vocabulary.
void save_task(const std::filesystem::path& directory, const TaskToSave& save, const PresetSaveOptions& options);

}  // namespace linnet::bert
