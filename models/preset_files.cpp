#include "models/preset_files.h"

#include <array>
#include <ctime>

#include "framework/core/error.h"
#include "framework/core/version.h"
#include "framework/io/atomic_file.h"
#include "framework/io/directory.h"
#include "framework/io/weights.h"
#include "framework/layers/names.h"

namespace linnet::preset {
namespace {

constexpr const char* kWeights = "model.weights.h5";
constexpr const char* kShardIndex = "model.weights.json";

}  // namespace

Form form_of(const JsonValue& config_json) {
  if (config_json.find("registered_name")) return Form::keras_hub;
  const JsonValue* model_type = config_json.find("model_type");
  check_file(model_type != nullptr, config_json.where(), " must have registered_name (KerasHub) or model_type (Hugging Face)");
  return Form::hugging_face;
}

bool has_file(const std::filesystem::path& directory, const std::string& name) {
  std::error_code error;
  return std::filesystem::is_regular_file(directory / name, error);
}

JsonValue read_json_file(const std::filesystem::path& directory, const std::string& name) {
  constexpr std::int64_t kLargest = std::int64_t{64} << 20;
  JsonValue value = JsonValue::parse(read_text(directory / name, kLargest), (directory / name).string());
  value.members();  // must be an object
  return value;
}

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  check_file(std::filesystem::is_directory(directory), "save_to_preset: cannot make the directory ", directory.string(), ": ", error.message());
}

void save_metadata(const std::filesystem::path& directory, const Layer& backbone) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d@%H:%M:%S", &local);
  // The Keras versions are those whose form the files have.
  write_text(directory / "metadata.json", JsonValue::object({{"keras_version", "3.15.1"},
                                                             {"keras_hub_version", "0.32.0"},
                                                             {"parameter_count", backbone.parameter_count()},
                                                             {"date_saved", date.data()},
                                                             {"tasks", JsonValue::array({"MaskedLM", "TextClassifier", "TextEmbedder"})},
                                                             {"linnet_version", std::string(version())}})
                                              .dump());
}

void save_weight_files(const std::filesystem::path& directory, const Layer& backbone, const PresetSaveOptions& options) {
  std::int64_t bytes = 0;
  for (const Parameter& parameter : backbone.parameters()) bytes += parameter.tensor.size() * size_of(parameter.tensor.dtype());
  const bool sharded = options.max_shard_bytes > 0 && bytes > options.max_shard_bytes;
  if (sharded) {
    save_weights(backbone, directory / kShardIndex, {.max_shard_bytes = options.max_shard_bytes});
    std::error_code ignored;
    std::filesystem::remove(directory / kWeights, ignored);
    return;
  }
  save_weights(backbone, directory / kWeights);
  remove_sharded_weights(directory / kShardIndex);
}

void load_weight_files(const std::filesystem::path& directory, Layer& backbone, const PresetOptions& options) {
  if (has_file(directory, kWholeWeights)) {
    load_weights(backbone, directory / kWholeWeights, {.map = options.map_weights, .group = "layers/" + snake_case(backbone.class_name())});
    return;
  }
  const bool whole = has_file(directory, kWeights);
  check_file(whole || has_file(directory, kShardIndex), "from_preset: ", directory.string(), " must hold ", kWeights, " or ", kShardIndex,
             " (fetch or save it again, or pass load_weights = false)");
  load_weights(backbone, directory / (whole ? kWeights : kShardIndex), {.in_place = true, .map = options.map_weights});
}

void check_size(const std::filesystem::path& directory, const std::string& config, double parameters) {
  double bytes = 0;
  for (const std::string& name : names_in(directory)) {
    if ((name.ends_with(".h5") || name.ends_with(".safetensors")) && has_file(directory, name))
      bytes += static_cast<double>(std::filesystem::file_size(directory / name));
  }
  check_file(bytes > 0, "from_preset: ", directory.string(), " must hold weights: ", kWeights, ", ", kShardIndex,
             " or model.safetensors (.bin, TensorFlow and Flax files are not read; load_weights = false gives initial values)");
  check_file(parameters <= bytes, (directory / config).string(), ": the model must have no more parameters than its weight files have bytes, got ",
             parameters, " and ", bytes, " (is a file missing or cut off?)");
}

}  // namespace linnet::preset
