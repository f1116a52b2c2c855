#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "framework/config/json_value.h"
#include "framework/io/safetensors.h"
#include "framework/layers/layer.h"
#include "models/preset.h"

/// Checkpoints in the form of Hugging Face's transformers. Internal to the models.
namespace linnet::hugging_face {

/// model.safetensors, or the shards of model.safetensors.index.json. Throws std::runtime_error that says what is accepted.
Safetensors open_weights(const std::filesystem::path& directory);

/// What stands before `name` in the checkpoint's names: "" or, say, "bert.". Throws std::runtime_error if no name ends so.
std::string prefix_of(const Safetensors& weights, const std::string& name);

/// Where a variable comes from: a tensor and its shape there. Linear layers are stored as (out, in): such a tensor is
/// transposed, then reshaped to the variable.
struct Source {
  std::string name;
  Shape shape;
  bool transposed = false;
};
/// Sets every parameter of `layer` from its source, cast to its dtype; other tensors of the checkpoint are ignored. Throws
/// std::runtime_error with all that are missing or have another shape at once, before anything is read.
/// With options.map_weights, those that need neither transposing nor casting stay in the file: see Safetensors::map.
void load(Layer& layer, const Safetensors& weights, const std::function<Source(const Parameter& parameter)>& source_of, const PresetOptions& options);

/// The way back: the tensors that load would read `layer` from, of that dtype, in the order of its parameters.
std::vector<Parameter> tensors_of(const Layer& layer, DType dtype, const std::function<Source(const Parameter& parameter)>& source_of);
/// model.safetensors, or model-00001-of-0000N.safetensors and their index if one would have more than `max_shard_bytes` bytes
/// (0: never); removes the other form that an earlier save left.
void save(const std::filesystem::path& directory, const std::vector<Parameter>& tensors, std::int64_t max_shard_bytes);

/// Where KerasHub's model, and so ours, computes otherwise than transformers with this config.json.
std::vector<std::string> notes(const JsonValue& config);

}  // namespace linnet::hugging_face
