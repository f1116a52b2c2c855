#include "models/hf_checkpoint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>

#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/directory.h"
#include "framework/io/shards.h"
#include "models/preset_files.h"

namespace linnet::hugging_face {
namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

/// Writes the transpose of a matrix to `result`, of any shape with as many elements; blocks keep both sides in cache.
void transpose(const Tensor& matrix, Tensor& result) {
  const std::int64_t rows = matrix.dim(0), columns = matrix.dim(1);
  const auto copy = [&]<class T>() {
    const T* from = static_cast<const T*>(matrix.raw());
    T* to = static_cast<T*>(result.mutable_raw());
    constexpr std::int64_t kBlock = 32;
    for (std::int64_t r0 = 0; r0 < rows; r0 += kBlock)
      for (std::int64_t c0 = 0; c0 < columns; c0 += kBlock)
        for (std::int64_t r = r0; r < std::min(rows, r0 + kBlock); ++r)
          for (std::int64_t c = c0; c < std::min(columns, c0 + kBlock); ++c) to[c * rows + r] = from[r * columns + c];
  };
  switch (size_of(matrix.dtype())) {
    case 8: copy.operator()<std::uint64_t>(); break;
    case 4: copy.operator()<std::uint32_t>(); break;
    case 2: copy.operator()<std::uint16_t>(); break;
    default: copy.operator()<std::uint8_t>(); break;
  }
}

}  // namespace

Safetensors open_weights(const std::filesystem::path& directory) {
  if (preset::has_file(directory, kIndex)) return Safetensors(directory / kIndex);
  check_file(preset::has_file(directory, kWeights), "from_preset: ", directory.string(), " must hold ", kWeights, " or ", kIndex,
             " (save the checkpoint with safe_serialization=True; .bin, TensorFlow and Flax files are not read)");
  return Safetensors(directory / kWeights);
}

std::string prefix_of(const Safetensors& weights, const std::string& name) {
  if (weights.contains(name)) return {};
  for (const Safetensors::Entry& entry : weights.entries())
    if (entry.name.ends_with("." + name)) return entry.name.substr(0, entry.name.size() - name.size());
  throw std::runtime_error(
      cat("from_preset: ", weights.path().string(), " must hold '", name, "', with or without a prefix (is it a BERT checkpoint?)"));
}

void load(Layer& layer, const Safetensors& weights, const std::function<Source(const Parameter& parameter)>& source_of,
          const PresetOptions& options) {
  std::string problems;
  const auto report = [&](const auto&... parts) { problems += cat(problems.empty() ? "" : "; ", parts...); };
  const std::vector<Parameter> parameters = layer.parameters();
  std::vector<Source> sources;
  for (const Parameter& parameter : parameters) {
    const Source& source = sources.emplace_back(source_of(parameter));
    if (!weights.contains(source.name)) {
      report("missing ", source.name);
      continue;
    }
    const Shape found = weights.shape(source.name);
    const DType dtype = weights.dtype(source.name);
    if (found != source.shape) report("shape of ", source.name, " ", found, " in the file, ", source.shape, " in the model");
    if (dtype == DType::int8 || dtype == DType::int32) report("dtype of ", source.name, " ", dtype, " in the file, a float in the model");
  }
  check_file(problems.empty(), "from_preset: ", weights.path().string(), " does not fit ", layer.class_name(), ": ", problems);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor variable = parameters[i].tensor;
    if (!sources[i].transposed) {
      const std::optional<Tensor> mapped = options.map_weights ? weights.map(sources[i].name) : std::nullopt;
      if (mapped && mapped->dtype() == variable.dtype()) {
        variable.share_memory(mapped->reshape(variable.shape()));
        continue;
      }
      Tensor view = variable.reshape(sources[i].shape);
      weights.read_into(sources[i].name, view);
      continue;
    }
    Tensor value = Tensor::empty(sources[i].shape, variable.dtype());
    weights.read_into(sources[i].name, value);
    transpose(value, variable);
  }
}

std::vector<Parameter> tensors_of(const Layer& layer, DType dtype, const std::function<Source(const Parameter& parameter)>& source_of) {
  std::vector<Parameter> tensors;
  for (const Parameter& parameter : layer.stored_parameters()) {
    const Source source = source_of(parameter);
    const Tensor value = convert(parameter.tensor.detach(), dtype);
    if (!source.transposed) {
      tensors.push_back({source.name, value.reshape(source.shape)});
      continue;
    }
    Tensor transposed = Tensor::empty(source.shape, dtype);
    transpose(value.reshape({source.shape[1], source.shape[0]}), transposed);
    tensors.push_back({source.name, transposed});
  }
  return tensors;
}

namespace {

std::int64_t bytes_of(const Parameter& parameter) { return parameter.tensor.size() * size_of(parameter.tensor.dtype()); }

/// Which save a shard is of: 1 for model-00001-of-00003.safetensors, which is what transformers calls them, 2 for
/// model-2-00001-of-00003.safetensors; 0 for what is no shard.
int round_of(const std::string& name) {
  static const std::regex pattern("model-(?:([0-9]{1,9})-)?[0-9]{5}-of-[0-9]{5}\\.safetensors");
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) return 0;
  return match[1].matched ? std::stoi(match[1]) : 1;
}

}  // namespace

void save(const std::filesystem::path& directory, const std::vector<Parameter>& tensors, std::int64_t max_shard_bytes) {
  const std::map<std::string, std::string> metadata{{"format", "pt"}};  // transformers insists on it
  std::vector<std::vector<Parameter>> shards(1);
  std::int64_t bytes = 0, total = 0;
  for (const Parameter& parameter : tensors) {
    const std::int64_t more = bytes_of(parameter);
    check(max_shard_bytes <= 0 || more <= max_shard_bytes, "export: a tensor must fit in a shard of ", max_shard_bytes, " bytes, got ", more, " for ",
          parameter.path, " (raise max_shard_bytes)");
    if (max_shard_bytes > 0 && bytes + more > max_shard_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    shards.back().push_back(parameter);
    bytes += more;
    total += more;
  }
  std::error_code ignored;
  if (shards.size() == 1) {
    write_safetensors(directory / kWeights, tensors, metadata);
    std::filesystem::remove(directory / kIndex, ignored);  // before its shards
    for (const std::string& name : names_in(directory))
      if (round_of(name) > 0) std::filesystem::remove(directory / name, ignored);
    return;
  }
  Shards files(directory / kIndex, [](const std::string& name) { return round_of(name) > 0; });
  int round = 1;
  for (const std::string& name : files.old()) round = std::max(round, 1 + round_of(name));
  const std::string begin = round == 1 ? "model-" : cat("model-", round, "-");
  std::map<std::string, std::string> places;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = cat(begin, zero_filled(static_cast<std::int64_t>(i) + 1, 5), "-of-",
                                 zero_filled(static_cast<std::int64_t>(shards.size()), 5), ".safetensors");
    write_safetensors(files.add(name), shards[i], metadata);
    for (const Parameter& parameter : shards[i]) places[parameter.path] = name;
  }
  JsonValue map = JsonValue::object();
  for (const auto& [tensor, file] : places) map.set(tensor, file);
  files.commit(JsonValue::object({{"metadata", JsonValue::object({{"total_size", total}})}, {"weight_map", map}}).dump());
  std::filesystem::remove(directory / kWeights, ignored);
}

std::vector<std::string> notes(const JsonValue& config) {
  std::vector<std::string> result;
  if (const JsonValue* activation = config.find("hidden_act"); activation && activation->brief() == "\"gelu\"")
    result.push_back(cat(activation->where(),
                         " is gelu: KerasHub and Linnet compute its tanh approximation, so outputs differ from transformers' by "
                         "up to about 1e-3 (the option activation = gelu gives the exact form)"));
  if (const JsonValue* epsilon = config.find("layer_norm_eps"); epsilon && epsilon->number() != 1e-12)
    result.push_back(cat(epsilon->where(), " is ", epsilon->brief(), ": KerasHub and Linnet compute with 1e-12"));
  return result;
}

}  // namespace linnet::hugging_face
