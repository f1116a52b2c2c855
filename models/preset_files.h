#pragma once

#include <filesystem>
#include <string>

#include "framework/config/json_value.h"
#include "framework/layers/layer.h"
#include "models/preset.h"

/// The files of a preset that do not depend on the model's class. Internal to the models.
namespace linnet::preset {

/// The weights of a whole task with its backbone, as a .keras file has them: in the place of a backbone's and a head's files.
inline constexpr const char* kWholeWeights = "whole.weights.h5";

/// Whose form a preset has.
enum class Form { keras_hub, hugging_face };
/// Which of the two forms config.json has. Throws std::runtime_error if neither.
Form form_of(const JsonValue& config_json);

/// A JSON object of the directory. Throws std::runtime_error naming the file if it is missing or wrong.
JsonValue read_json_file(const std::filesystem::path& directory, const std::string& name);
bool has_file(const std::filesystem::path& directory, const std::string& name);

/// Makes the directory if it is missing. Throws std::runtime_error if that fails.
void make_directory(const std::filesystem::path& directory);
/// metadata.json: versions of the format, the number of parameters, the time.
void save_metadata(const std::filesystem::path& directory, const Layer& backbone);
/// model.weights.h5, or model.weights.json and its shards; removes the other form that an earlier save left.
void save_weight_files(const std::filesystem::path& directory, const Layer& backbone, const PresetSaveOptions& options);
/// For a new backbone: one that fails to load is of no use. Throws std::runtime_error with all that does not fit.
void load_weight_files(const std::filesystem::path& directory, Layer& backbone, const PresetOptions& options);

/// Throws std::runtime_error if the directory's weights have fewer bytes than the model that `config` ("config.json") describes has
/// parameters: then it is damaged or an attack, and no memory should be taken for it.
void check_size(const std::filesystem::path& directory, const std::string& config, double parameters);

}  // namespace linnet::preset
