#include "models/preset.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>

#include "framework/config/json.h"
#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/safetensors.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

BertTextClassifier::Config config(std::int64_t num_classes = 3) {
  return {.backbone = {.vocabulary_size = 8,
                       .num_layers = 2,
                       .num_heads = 2,
                       .hidden_dim = 4,
                       .intermediate_dim = 6,
                       .dropout = 0.2,
                       .max_sequence_length = 10,
                       .num_segments = 3},
          .num_classes = num_classes,
          .activation = "tanh",
          .dropout = 0.3};
}

std::unique_ptr<BertTextClassifier> make_classifier() {
  auto model = std::make_unique<BertTextClassifier>(config());
  BertTokenizer::Config tokenizer;
  tokenizer.lowercase = true;
  tokenizer.special_tokens = {"good"};
  model->set_preprocessor(std::make_shared<BertTextClassifierPreprocessor>(
      std::make_shared<BertTokenizer>(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "##ly"}), tokenizer),
      BertTextClassifierPreprocessor::Config{.sequence_length = 7, .truncate = "waterfall"}));
  model->set_label_names({"negative", "neutral", "positive"});
  return model;
}

std::vector<double> weights_of(const Layer& layer) {
  std::vector<double> all;
  for (const Parameter& parameter : layer.parameters())
    for (const double value : parameter.tensor.to_vector()) all.push_back(value);
  return all;
}

/// Replaces the first `from` in a file of the preset.
void edit(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = read_text(file);
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, file << " holds no " << from);
  write_text(file, text.replace(at, from.size(), to));
}

/// Saves a classifier, damages it and expects the error when it is loaded.
void refuses(const std::function<void(const std::filesystem::path&)>& damage, const std::string& text, const std::string& more = "") {
  const TemporaryDirectory directory;
  const std::filesystem::path preset = directory / "preset";
  make_classifier()->save_to_preset(preset);
  damage(preset);
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset(preset.string()), std::runtime_error, says(text, more));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preset)

BOOST_AUTO_TEST_CASE(a_saved_classifier_comes_back_whole) {
  const TemporaryDirectory directory;
  const auto model = make_classifier();
  model->save_to_preset(directory / "new/preset");
  const auto loaded = BertTextClassifier::from_preset((directory / "new/preset").string());
  BOOST_TEST(weights_of(*loaded) == weights_of(*model), boost::test_tools::per_element());
  BOOST_TEST(to_json(loaded->config()) == to_json(model->config()));
  BOOST_TEST(to_json(loaded->preprocessor().config()) == to_json(model->preprocessor().config()));
  BOOST_TEST(to_json(loaded->preprocessor().tokenizer().config()) == to_json(model->preprocessor().tokenizer().config()));
  BOOST_TEST(loaded->preprocessor().tokenizer().vocabulary().tokens() == model->preprocessor().tokenizer().vocabulary().tokens(),
             boost::test_tools::per_element());
  BOOST_TEST(loaded->label_names() == model->label_names(), boost::test_tools::per_element());
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "new/preset"))
    if (entry.is_regular_file()) files.push_back(std::filesystem::relative(entry.path(), directory / "new/preset").string());
  std::ranges::sort(files);
  const std::vector<std::string> expected{"assets/tokenizer/vocabulary.txt",
                                          "config.json",
                                          "labels.json",
                                          "metadata.json",
                                          "model.weights.h5",
                                          "preprocessor.json",
                                          "task.json",
                                          "task.weights.h5",
                                          "tokenizer.json"};
  BOOST_TEST(files == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(options_override_the_preset) {
  const TemporaryDirectory directory;
  const auto model = make_classifier();
  model->save_to_preset(directory / "preset");
  const std::string preset = directory / "preset";

  const auto kept = BertTextClassifier::from_preset(
      preset, {.num_classes = 3, .dropout = 0.5, .sequence_length = 9, .preset = {.dtype = "float64", .dropout = 0.0}});
  BOOST_TEST(kept->config().dropout == 0.5);
  BOOST_TEST(kept->config().backbone.dropout == 0.0);
  BOOST_TEST(kept->preprocessor().config().sequence_length == 9);
  BOOST_TEST(kept->parameters().back().tensor.dtype() == DType::float64);
  BOOST_TEST(weights_of(*kept) == weights_of(*model), boost::test_tools::per_element());
  BOOST_TEST(kept->label_names().back() == "positive");

  const auto replaced = BertTextClassifier::from_preset(preset, {.num_classes = 5, .activation = "linear"});
  BOOST_TEST(weights_of(replaced->backbone()) == weights_of(model->backbone()), boost::test_tools::per_element());
  BOOST_TEST(replaced->config().num_classes == 5);
  BOOST_TEST(replaced->config().activation == "linear");
  BOOST_TEST(replaced->label_names().back() == "4");

  const std::vector<double> head = replaced->parameters()[replaced->parameters().size() - 2].tensor.to_vector();
  BOOST_TEST(std::ranges::all_of(head, [](double value) { return value != 0 && std::abs(value) <= 0.04; }));  // +-2 standard deviations of 0.02
  BOOST_TEST(replaced->parameters().back().tensor.to_vector() == std::vector<double>(5), boost::test_tools::per_element());

  const auto fresh = BertBackbone::from_preset(preset, {.load_weights = false});
  BOOST_TEST(weights_of(*fresh) != weights_of(model->backbone()));
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset(preset, {.num_classes = 0}), std::invalid_argument,
                        says("num_classes must be positive, got 0"));
}

BOOST_AUTO_TEST_CASE(a_backbone_preset_gives_a_classifier_with_a_new_head) {
  const TemporaryDirectory directory;
  const auto model = make_classifier();
  model->save_to_preset(directory / "task");
  model->backbone().save_to_preset(directory / "preset");
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset((directory / "preset").string(), {.num_classes = 2}), std::runtime_error,
                        says("tokenizer.json"));
  for (const char* name : {"tokenizer.json", "assets"})
    std::filesystem::copy(directory / "task" / name, directory / "preset" / name, std::filesystem::copy_options::recursive);
  const auto loaded = BertTextClassifier::from_preset((directory / "preset").string(), {.num_classes = 2});
  BOOST_TEST(weights_of(loaded->backbone()) == weights_of(model->backbone()), boost::test_tools::per_element());
  BOOST_TEST(loaded->preprocessor().config().sequence_length == 10);  // as long as the backbone allows
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset((directory / "preset").string()), std::invalid_argument,
                        says("BertTextClassifier: num_classes must be given for a preset without a classifier's head"));
}

BOOST_AUTO_TEST_CASE(large_weights_go_to_shards_and_replace_those_of_before) {
  const TemporaryDirectory directory;
  const auto model = make_classifier();
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "preset"))
      if (entry.path().filename().string().starts_with("model")) found.push_back(entry.path().filename().string());
    std::ranges::sort(found);
    return found;
  };
  model->save_to_preset(directory / "preset", {.max_shard_bytes = 1000});
  const std::vector<std::string> sharded{"model.weights.json", "model_00000.weights.h5", "model_00001.weights.h5"}, whole{"model.weights.h5"};
  BOOST_TEST(names() == sharded, boost::test_tools::per_element());
  BOOST_TEST(weights_of(*BertTextClassifier::from_preset((directory / "preset").string())) == weights_of(*model), boost::test_tools::per_element());
  model->backbone().parameters().front().tensor.assign(Tensor::full(model->backbone().parameters().front().tensor.shape(), 3));
  model->save_to_preset(directory / "preset", {.max_shard_bytes = 1000});
  const std::vector<std::string> next{"model.weights.json", "model_00000.weights.h5", "model_00002.weights.h5", "model_00003.weights.h5"};
  BOOST_TEST(names() == next, boost::test_tools::per_element());
  BOOST_TEST(Hdf5File(directory / "preset/model_00000.weights.h5").children("").empty());  // there for Keras
  BOOST_TEST(weights_of(*BertTextClassifier::from_preset((directory / "preset").string())) == weights_of(*model), boost::test_tools::per_element());
  model->save_to_preset(directory / "preset");
  BOOST_TEST(names() == whole, boost::test_tools::per_element());
  const std::string stranger = "model_2147483647.weights.h5";  // whose number has no next one
  write_text(directory / "preset" / stranger, "");
  model->save_to_preset(directory / "preset", {.max_shard_bytes = 1000});
  std::vector<std::string> beside = sharded;
  beside.push_back(stranger);
  BOOST_TEST(names() == beside, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_preset_is_refused_with_what_is_accepted) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(resolve_preset("kaggle://keras/bert"), std::invalid_argument, says("handle: must have the form kaggle://ORG/MODEL"));
  BOOST_CHECK_EXCEPTION(resolve_preset("bert_tiny"), std::runtime_error,
                        says("resolve_preset: must be a name that `linnet presets` lists, a handle kaggle://ORG/MODEL/keras/VARIATION[/VERSION] or "
                             "hf://ORG/REPO[@REVISION], or a directory"));
  BOOST_CHECK_EXCEPTION(resolve_preset((directory / "none").string()), std::runtime_error, says("none', which is no directory"));
  BOOST_CHECK_EXCEPTION(resolve_preset(directory.path().string()), std::runtime_error, says("which has no config.json"));
  write_text(directory / "config.json", "{}");
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset(directory.path().string()), std::runtime_error,
                        says("config.json: must have registered_name (KerasHub) or model_type (Hugging Face)"));
}

BOOST_AUTO_TEST_CASE(a_model_beyond_all_memory_is_refused_also_without_its_weights) {
  const TemporaryDirectory directory;
  make_classifier()->save_to_preset(directory / "preset");
  edit(directory / "preset/config.json", "\"vocabulary_size\": 8", "\"vocabulary_size\": 9223372036854775807");
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset((directory / "preset").string(), {.load_weights = false}), std::runtime_error,
                        says("config.json: the model must have at most 10^12 parameters, got 3.68935e+19"));
}

BOOST_AUTO_TEST_CASE(a_head_that_is_wrong_is_refused_also_where_a_new_one_is_asked_for) {
  const TemporaryDirectory directory;
  make_classifier()->save_to_preset(directory / "preset");
  edit(directory / "preset/task.json", "\"tanh\"", "\"F32\"");
  for (const std::int64_t num_classes : {2, 3})
    BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset((directory / "preset").string(), {.num_classes = num_classes}), std::runtime_error,
                          says("task.json: activation: must be one of linear, ", "got 'F32'"));
}

BOOST_AUTO_TEST_CASE(damaged_presets_are_refused_with_file_and_key) {
  using Path = std::filesystem::path;
  refuses([](const Path& p) { edit(p / "config.json", "keras_hub>BertBackbone", "keras_hub>GPT2Backbone"); },
          "config.json: must be a BertBackbone, got a GPT2Backbone");
  refuses([](const Path& p) { edit(p / "config.json", "keras_hub>BertBackbone", "os>system"); },
          "config.json: registered_name must name a class of keras_hub, got \"os>system\"");
  refuses([](const Path& p) { edit(p / "config.json", "\"num_heads\": 2", "\"num_heads\": \"2\""); },
          "config.json: config.num_heads must be an integer, got \"2\"");
  refuses([](const Path& p) { edit(p / "config.json", "\"num_heads\": 2", "\"num_heds\": 2"); },
          "config.json: config: unknown config key 'num_heds'");
  refuses([](const Path& p) { edit(p / "config.json", "\"num_heads\": 2", "\"num_heads\": 5"); }, "config.json: BertBackbone: num_heads must be");
  refuses([](const Path& p) { edit(p / "config.json", "\"dropout\": 0.2", "\"dropout\": 1e308"); },
          "config.json: BertBackbone: dropout must lie in [0, 1]");
  refuses([](const Path& p) { edit(p / "config.json", "\"vocabulary_size\": 8", "\"vocabulary_size\": 9223372036854775807"); },
          "config.json: the model must have no more parameters than its weight files have bytes");
  refuses([](const Path& p) { edit(p / "config.json", "\"hidden_dim\": 4", "\"hidden_dim\": 6"); },
          "model.weights.h5 does not fit BertBackbone: shape of");
  refuses([](const Path& p) { edit(p / "config.json", "\"num_layers\": 2", "\"num_layers\": 1"); },
          "model.weights.h5 does not fit BertBackbone: unexpected layers/transformer_encoder_1/… (16)");
  refuses([](const Path& p) { edit(p / "config.json", "{", ""); }, "config.json: must be JSON in UTF-8");
  refuses([](const Path& p) { std::filesystem::remove(p / "model.weights.h5"); },
          "must hold model.weights.h5 or model.weights.json (fetch or save it again, or pass load_weights = false)");
  refuses([](const Path& p) { std::filesystem::resize_file(p / "model.weights.h5", 4096); }, "(is it cut off?)");
  refuses([](const Path& p) { std::filesystem::remove(p / "task.weights.h5"); }, "task.weights.h5: No such file");
  refuses([](const Path& p) { edit(p / "task.json", "\"num_classes\": 3", "\"num_classes\": 2"); },
          "labels.json: BertTextClassifier: label_names must have 2 names");
  refuses([](const Path& p) { edit(p / "task.json", "\"num_classes\": 3", "\"num_classes\": -1"); },
          "task.json: BertTextClassifier: num_classes must be positive");
  refuses([](const Path& p) { edit(p / "labels.json", "\"neutral\"", "7"); }, "labels.json: label_names[1] must be a string, got 7");
  refuses([](const Path& p) { edit(p / "tokenizer.json", "\"vocabulary\": null", "\"vocabulary\": \"/etc/passwd\""); },
          "tokenizer.json: config.vocabulary must be null");
  refuses([](const Path& p) { edit(p / "tokenizer.json", "keras_hub>BertTokenizer", "keras_hub>XLMRobertaTokenizer"); },
          "tokenizer.json: must be a BertTokenizer, got a XLMRobertaTokenizer");
  refuses([](const Path& p) { edit(p / "assets/tokenizer/vocabulary.txt", "[MASK]\n", ""); }, "vocabulary.txt: ", "[MASK]");
  refuses([](const Path& p) { std::filesystem::remove(p / "assets/tokenizer/vocabulary.txt"); }, "vocabulary.txt");
  refuses([](const Path& p) { edit(p / "preprocessor.json", "waterfall", "rapids"); }, "preprocessor.json: ", "rapids");
}

BOOST_AUTO_TEST_CASE(a_preset_without_weights_gives_initial_values_on_demand) {
  const TemporaryDirectory directory;
  make_classifier()->backbone().save_to_preset(directory / "preset");
  std::filesystem::remove(directory / "preset" / "model.weights.h5");
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset((directory / "preset").string()), std::runtime_error,
                        says("must hold weights: model.weights.h5, model.weights.json or model.safetensors"));
  BOOST_TEST(BertBackbone::from_preset((directory / "preset").string(), {.load_weights = false})->config().num_segments == 3);
}

BOOST_AUTO_TEST_CASE(older_packages_and_names_are_read) {
  const TemporaryDirectory directory;
  const auto model = make_classifier();
  model->save_to_preset(directory / "preset");
  edit(directory / "preset" / "config.json", "keras_hub>BertBackbone", "keras_nlp>BertBackbone");
  edit(directory / "preset" / "task.json", "keras_hub>BertTextClassifier\"\n", "keras_nlp>BertClassifier\"\n");
  edit(directory / "preset" / "preprocessor.json", "keras_hub>BertTextClassifierPreprocessor", "keras_nlp>BertPreprocessor");
  const auto loaded = BertTextClassifier::from_preset((directory / "preset").string());
  BOOST_TEST(weights_of(*loaded) == weights_of(*model), boost::test_tools::per_element());
  BOOST_TEST(loaded->preprocessor().config().sequence_length == 7);
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_is_said) {
  const TemporaryDirectory directory;
  write_text(directory / "file", "");
  BOOST_CHECK_EXCEPTION(make_classifier()->save_to_preset(directory / "file"), std::runtime_error,
                        says("save_to_preset: cannot make the directory ", "file: "));
}

BOOST_AUTO_TEST_CASE(tokenizer_preprocessor_and_backbone_come_from_a_preset_by_themselves) {
  const TemporaryDirectory directory;
  const std::string preset = (directory / "preset").string();
  linnet::testing::write_tiny_preset(preset);
  const auto model = BertTextClassifier::from_preset(preset);
  const auto tokenizer = BertTokenizer::from_preset(preset);
  BOOST_TEST(tokenizer->vocabulary().tokens() == model->preprocessor().tokenizer().vocabulary().tokens(), boost::test_tools::per_element());
  BOOST_TEST(BertTextClassifierPreprocessor::from_preset(preset)->config().sequence_length == model->preprocessor().config().sequence_length);
  BOOST_TEST(BertTextClassifierPreprocessor::from_preset(preset, 5)->config().sequence_length == 5);
  tokenizer->save_to_preset(directory / "tokenizer");
  for (const char* file : {"tokenizer.json", "assets/tokenizer/vocabulary.txt"})
    BOOST_TEST(read_text(directory.path() / "tokenizer" / file) == read_text(directory.path() / "preset" / file));

  const auto backbone = Backbone::from_preset(preset, {.dropout = 0.0});
  BOOST_TEST(backbone->class_name() == "BertBackbone");
  BOOST_TEST((weights_of(*backbone) == weights_of(model->backbone())));
  std::filesystem::remove(directory / "preset" / "model.weights.h5");  // texts do not need it
  BOOST_TEST(BertTokenizer::from_preset(preset)->vocabulary_size() == tokenizer->vocabulary_size());
  write_text(directory / "preset" / "config.json", R"({"registered_name": "keras_hub>GPT2Backbone"})");
  BOOST_CHECK_EXCEPTION(Backbone::from_preset(preset), std::runtime_error, says("registered_name must name BertBackbone, got GPT2Backbone"));
}

BOOST_AUTO_TEST_SUITE_END()
