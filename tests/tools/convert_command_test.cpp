#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/safetensors.h"
#include "models/bert/bert_export.h"
#include "tests/support/golden.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::vector<std::vector<double>> values(const Layer& layer) {
  std::vector<std::vector<double>> all;
  for (const Parameter& parameter : layer.parameters()) all.push_back(parameter.tensor.to_vector());
  return all;
}

void fails(const std::vector<std::string>& arguments, const std::string& text) {
  const ProgramResult result = run_program(linnet_program(), arguments);
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.errors.find(text) != std::string::npos, result.errors);
}

struct Place {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), hf = (directory / "hf").string(), back = (directory / "back").string();
  Place() { write_tiny_preset(preset, {"bad", "good", "neither"}); }
  void convert(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "convert");
    const ProgramResult result = run_program(linnet_program(), arguments);
    BOOST_TEST(result.code == 0, result.errors);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(convert_command)

BOOST_AUTO_TEST_CASE(a_checkpoint_holds_the_backbones_tensors_and_comes_back) {
  const Place place;
  place.convert({place.preset, place.hf, "--to", "hugging_face"});
  const auto model = BertBackbone::from_preset(place.preset), read = BertBackbone::from_preset(place.hf);
  BOOST_TEST((values(*model) == values(*read)));
  place.convert({place.hf, place.back});
  BOOST_TEST((values(*BertBackbone::from_preset(place.back)) == values(*model)));
  BOOST_TEST(read_text(place.back + "/assets/tokenizer/vocabulary.txt") == read_text(place.preset + "/assets/tokenizer/vocabulary.txt"));
  const auto tokens = nlohmann::json::parse(read_text(place.hf + "/tokenizer_config.json"));
  BOOST_TEST(tokens["do_lower_case"] == true);
  BOOST_TEST(tokens["strip_accents"] == false);
  BOOST_TEST(tokens["model_max_length"] == 16);
  BOOST_TEST(preset_notes(place.hf).empty());
}

BOOST_AUTO_TEST_CASE(a_classifier_keeps_its_head_and_its_label_names) {
  const Place place;
  place.convert({place.preset, place.hf, "--to", "hugging_face"});
  const auto config = nlohmann::json::parse(read_text(place.hf + "/config.json"));
  BOOST_TEST(config["architectures"][0] == "BertForSequenceClassification");
  BOOST_TEST(config["hidden_act"] == "gelu_pytorch_tanh");
  BOOST_TEST(config["id2label"]["2"] == "neither");
  BOOST_TEST(config["label2id"]["good"] == 1);
  const Safetensors weights(place.hf + "/model.safetensors");
  const auto model = BertTextClassifier::from_preset(place.preset);
  const auto kernel = model->output_dense().weights()[0].tensor.to_vector();  // (16, 3)
  const Tensor stored = weights.read("classifier.weight");
  BOOST_TEST((stored.shape() == Shape{3, 16}));
  for (std::size_t in = 0; in < 16; ++in)
    for (std::size_t out = 0; out < 3; ++out) BOOST_TEST(stored.to_vector()[out * 16 + in] == kernel[in * 3 + out]);
  BOOST_TEST(weights.metadata().at("format") == "pt");
}

BOOST_AUTO_TEST_CASE(dtypes_and_shards_are_as_asked_and_earlier_forms_go) {
  const Place place;
  const auto model = BertBackbone::from_preset(place.preset);
  const std::vector<std::vector<double>> whole = values(*model);
  export_to_hugging_face(*model, nullptr, place.hf, {.max_shard_bytes = 2500});
  BOOST_TEST(std::filesystem::exists(place.hf + "/model.safetensors.index.json"));
  BOOST_TEST(!std::filesystem::exists(place.hf + "/model.safetensors"));
  BOOST_TEST((values(*BertBackbone::from_preset(place.hf)) == whole));
  export_to_hugging_face(*model, nullptr, place.hf, {.max_shard_bytes = 2500});
  BOOST_TEST(read_text(place.hf + "/model.safetensors.index.json").find("\"model-2-00001-of-") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(place.hf + "/model-00001-of-00008.safetensors"));
  BOOST_TEST((values(*BertBackbone::from_preset(place.hf)) == whole));
  export_to_hugging_face(*model, nullptr, place.hf, {.dtype = DType::bfloat16});
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(place.hf)) files.push_back(entry.path().filename().string());
  std::ranges::sort(files);
  BOOST_TEST((files == std::vector<std::string>{"config.json", "model.safetensors"}));
  const Safetensors stored(place.hf + "/model.safetensors");
  for (const Safetensors::Entry& entry : stored.entries()) BOOST_TEST(entry.type == "BF16");
  export_to_hugging_face(*model, nullptr, place.hf, {.dtype = DType::float64});
  BOOST_TEST((values(*BertBackbone::from_preset(place.hf)) == whole));
}

BOOST_AUTO_TEST_CASE(every_task_that_keras_hub_wrote_comes_out_as_it_went_in) {
  for (const char* form : {"classifier", "masked_lm", "embedder", "classifier.keras", "sharded"}) {
    const std::filesystem::path tasks = "tasks";
    if (!have_fixture(tasks / form)) return;
    const TemporaryDirectory directory;
    const std::string source = (fixtures() / tasks / form).string(), target = (directory / "target").string();
    const ProgramResult converted = run_program(linnet_program(), {"convert", source, target});
    BOOST_TEST(converted.code == 0, converted.errors);
    const std::string whole = source.ends_with(".keras") ? source.substr(0, source.size() - 6) : source;
    const ProgramResult compared = run_program(linnet_program(), {"inspect", "--diff", whole, target});
    BOOST_TEST(compared.code == 0, compared.out);
  }
}

BOOST_AUTO_TEST_CASE(a_preset_of_16_bits_holds_the_rounded_values) {
  const Place place;
  place.convert({place.preset, place.back, "--dtype", "bfloat16"});
  place.convert({place.preset, place.hf, "--to", "hugging_face", "--dtype", "bfloat16"});
  const ProgramResult listed = run_program(linnet_program(), {"inspect", place.back});
  BOOST_TEST(listed.out.find("bfloat16") != std::string::npos);
  BOOST_TEST((values(*BertBackbone::from_preset(place.back)) == values(*BertBackbone::from_preset(place.hf))));
}

BOOST_AUTO_TEST_CASE(what_transformers_cannot_be_is_refused) {
  const TemporaryDirectory directory;
  const BertBackbone::Config odd{.vocabulary_size = 7, .num_layers = 1, .num_heads = 3, .hidden_dim = 4, .intermediate_dim = 6};
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(BertBackbone(odd), nullptr, directory.path()), std::invalid_argument,
                        says("export: num_heads must divide hidden_dim in transformers, got 3 and 4"));
  BertBackbone::Config even = odd;
  even.num_heads = 2;
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(BertBackbone(even), nullptr, directory.path(), {.dtype = DType::int8}), std::invalid_argument,
                        says("export: dtype must be a float, got int8"));
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(BertBackbone(even), nullptr, directory.path(), {.max_shard_bytes = 50}), std::invalid_argument,
                        says("export: a tensor must fit in a shard of 50 bytes, got 112 for embeddings.word_embeddings.weight"));
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(BertTextClassifier({.backbone = even, .activation = "tanh"}), directory.path()), std::invalid_argument,
                        says("export: the classifier's activation must be linear in transformers, got tanh"));
  const BertTokenizer tokenizer(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"}), [] {
    BertTokenizer::Config config;
    config.suffix_indicator = "@@";
    return config;
  }());
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(BertBackbone(even), &tokenizer, directory.path()), std::invalid_argument,
                        says("export: a tokenizer must have suffix_indicator '##'", "got '@@'"));
}

BOOST_AUTO_TEST_CASE(wrong_uses_are_refused) {
  const Place place;
  fails({"convert", place.preset}, "convert: there must be a preset and a directory to write, got 1 arguments");
  fails({"convert", place.preset, place.hf, "--to", "onnx"}, "--to: must be keras_hub or hugging_face, got 'onnx'");
  fails({"convert", place.preset, place.hf, "--dtype", "int4"}, "--dtype: must be float32, float64, bfloat16 or float16, got 'int4'");
  fails({"convert", place.preset, place.preset}, "convert: the directory to write must be another than the preset's");
  fails({"convert", place.preset, place.hf, "--max-shard-megabytes", "-1"}, "--max-shard-megabytes: must be 0 (never) or more, got -1");
  write_text(place.preset + "/task.json", R"({"registered_name": "keras_hub>BertOther"})");
  fails({"convert", place.preset, place.hf}, "got a BertOther");
}

BOOST_AUTO_TEST_SUITE_END()
