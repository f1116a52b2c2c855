#include <iostream>

#include "framework/config/flags.h"
#include "framework/core/error.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_presets.h"
#include "models/bert/bert_text_embedder.h"
#include "models/keras_config.h"
#include "models/preset_directory.h"
#include "models/preset_files.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string to = "keras_hub", dtype = "float32";
  std::int64_t max_shard_megabytes = 10240;
  void fields(FieldVisitor& field) {
    field("to", to, "the form: keras_hub, or hugging_face for transformers");
    field("dtype", dtype, "of the weights: float32, float64, bfloat16 or float16");
    field("max_shard_megabytes", max_shard_megabytes, "weights of more go to several files; 0: never");
  }
};

/// The preset's task, as task.json names it; empty if it is a backbone alone.
std::string task_of(const std::filesystem::path& directory) {
  if (!preset::has_file(directory, "task.json")) return {};
  return keras::hub_class_of(preset::read_json_file(directory, "task.json"));
}

DType dtype_named(const std::string& name) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16})
    if (cat(dtype) == name) return dtype;
  throw std::invalid_argument(cat("--dtype: must be float32, float64, bfloat16 or float16, got '", name, "'"));
}

bool has_tokenizer(const std::filesystem::path& directory) {
  return preset::has_file(directory, "tokenizer.json") || preset::has_file(directory, "tokenizer_config.json");
}

}  // namespace

int convert(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> paths;
  read_flags("linnet convert", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Writes a preset in another form: KerasHub's or Hugging Face's, of another dtype, in one file or several.",
              .positional = &paths,
              .positional_help = "the preset, and the directory to write"});
  check(paths.size() == 2, "convert: there must be a preset and a directory to write, got ", paths.size(), " arguments");
  check(options.to == "keras_hub" || options.to == "hugging_face", "--to: must be keras_hub or hugging_face, got '", options.to, "'");
  check(options.max_shard_megabytes >= 0, "--max-shard-megabytes: must be 0 (never) or more, got ", options.max_shard_megabytes);
  const bool to_keras = options.to == "keras_hub";
  const DType dtype = dtype_named(options.dtype);
  const preset::PresetDirectory opened(paths[0], PresetPart::all);
  const std::filesystem::path source = opened.path(), target = paths[1];
  check(!std::filesystem::exists(target) || !std::filesystem::equivalent(source, target),
        "convert: the directory to write must be another than the preset's, got ", target.string());
  const std::int64_t bytes = options.max_shard_megabytes * 1'000'000;
  const ExportOptions exporting{.dtype = dtype, .max_shard_bytes = bytes};
  // transformers' form is cast on the way; KerasHub's names the policy that the model computes in.
  const PresetOptions loading{.dtype = to_keras ? DTypePolicy(options.dtype) : DTypePolicy()};
  const std::string task = task_of(source);
  check(task.empty() || task == "BertTextClassifier" || task == "BertTextEmbedder" || (task == "BertMaskedLM" && to_keras),
        "convert: the preset must be a backbone, a BertTextClassifier, a BertTextEmbedder or, for keras_hub, a BertMaskedLM, got a ", task);
  const std::string from = source.string();
  const PresetSaveOptions saving{.max_shard_bytes = bytes};
  if (task == "BertTextClassifier" && !to_keras) {
    export_to_hugging_face(*BertTextClassifier::from_preset(from, {.preset = loading}), target, exporting);
  } else if (task == "BertTextClassifier") {
    BertTextClassifier::from_preset(from, {.preset = loading})->save_to_preset(target, saving);
  } else if (task == "BertTextEmbedder" && to_keras) {
    BertTextEmbedder::from_preset(from, {.preset = loading})->save_to_preset(target, saving);
  } else if (task == "BertMaskedLM") {
    BertMaskedLM::from_preset(from, {.preset = loading})->save_to_preset(target, saving);
  } else {
    const auto model = BertBackbone::from_preset(from, loading);
    const auto tokenizer = has_tokenizer(source) ? bert::load_tokenizer(source) : nullptr;
    if (!to_keras) {
      export_to_hugging_face(*model, tokenizer.get(), target, exporting);
    } else {
      model->save_to_preset(target, saving);
      if (tokenizer) tokenizer->save_to_preset(target);
    }
  }
  std::cout << target.string() << '\n';
  return 0;
}

}  // namespace linnet::tool
