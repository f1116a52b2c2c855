#include "models/preset_fetch.h"

#include <set>

#include "framework/core/error.h"
#include "framework/hub/http.h"
#include "framework/hub/repository.h"
#include "models/preset_files.h"

namespace linnet::preset {
namespace {

struct Fetch {
  hub::Repository& repository;
  std::string name;

  bool optional(const std::string& file) const { return repository.fetch(file); }
  void required(const std::string& file) const {
    check_file(repository.fetch(file), "fetch: ", name, " must have ", file, " (is it a preset of KerasHub, or a BERT checkpoint of Hugging Face?)");
  }
  JsonValue json(const std::string& file) const { return read_json_file(repository.directory(), file); }

  /// The files that an index places weights in.
  void shards(const std::string& index) const {
    std::set<std::string> files;
    const JsonValue object = json(index);
    for (const auto& [weight, places] : object.at("weight_map").members()) {
      if (places.is_text()) files.insert(places.text());
      else
        for (const JsonValue& place : places.elements()) files.insert(place.text());
    }
    for (const std::string& file : files) {
      check_file(hub::is_safe_path(file) && file.find('/') == std::string::npos, (repository.directory() / index).string(),
                 ": a shard must be a file beside its index, got '", file, "'");
      required(file);
    }
  }

  void keras_hub(PresetPart part) const {
    if (optional("tokenizer.json")) required("assets/tokenizer/vocabulary.txt");
    optional("preprocessor.json");
    const bool task = optional("task.json");
    if (task) optional("labels.json");
    if (part == PresetPart::texts) return;
    if (task) optional("task.weights.h5");
    if (optional("model.weights.h5")) return;
    required("model.weights.json");
    shards("model.weights.json");
  }

  // The files that KerasHub's converter reads: utils/transformers/preset_loader.py and convert_bert.py.
  void hugging_face(PresetPart part) const {
    if (optional("tokenizer_config.json")) required("vocab.txt");
    optional("sentence_bert_config.json");
    if (optional("modules.json")) optional("1_Pooling/config.json");
    if (part == PresetPart::texts) return;
    if (optional("model.safetensors.index.json")) shards("model.safetensors.index.json");
    else
      check_file(optional("model.safetensors"), "fetch: ", name, " must have model.safetensors or model.safetensors.index.json",
                 " (.bin, TensorFlow and Flax files are not read)");
  }
};

}  // namespace

std::filesystem::path fetch(const hub::Handle& handle, PresetPart part, const hub::Settings& settings) {
  try {
    const std::unique_ptr<hub::Repository> repository = hub::open_repository(handle, settings);
    const Fetch fetch{*repository, hub::to_string(handle)};
    fetch.required("config.json");
    if (form_of(fetch.json("config.json")) == Form::keras_hub) fetch.keras_hub(part);
    else fetch.hugging_face(part);
    return repository->directory();
  } catch (const hub::HttpFailure& failure) {
    throw std::runtime_error(cat("fetch: ", hub::to_string(handle), " is not whole in the cache, and its hub cannot be reached (", failure.what(),
                                 "); run once with network, or pass a local directory"));
  }
}

}  // namespace linnet::preset
