// Presets of masked language models and text embedders, activations other than KerasHub's, and .keras files.
#include <boost/test/unit_test.hpp>

#include "framework/config/json.h"
#include "framework/config/json_value.h"
#include "framework/core/random.h"
#include "framework/core/warning.h"
#include "framework/io/atomic_file.h"
#include "framework/io/weights.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"
#include "tests/support/zip.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;
using linnet::testing::write_zip;

namespace {

const std::vector<std::string> kTokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "caf\xC3\xA9", "cafe"};

BertBackbone::Config backbone_config() {
  return {.vocabulary_size = 9, .num_layers = 1, .num_heads = 2, .hidden_dim = 4, .intermediate_dim = 6, .max_sequence_length = 10};
}

std::shared_ptr<const BertTokenizer> tokenizer() {
  BertTokenizer::Config config;
  config.lowercase = true;
  return std::make_shared<BertTokenizer>(Vocabulary(kTokens), config);
}

std::unique_ptr<BertMaskedLM> make_masked_lm() {
  auto model = std::make_unique<BertMaskedLM>(BertMaskedLM::Config{backbone_config()});
  model->set_preprocessor(std::make_shared<BertMaskedLMPreprocessor>(tokenizer(), BertMaskedLMPreprocessor::Config{.sequence_length = 8,
                                                                                                                   .truncate = "waterfall",
                                                                                                                   .mask_selection_rate = 0.25,
                                                                                                                   .mask_selection_length = 3,
                                                                                                                   .mask_token_rate = 0.7,
                                                                                                                   .random_token_rate = 0.2}));
  return model;
}

std::unique_ptr<BertTextEmbedder> make_embedder() {
  auto model = std::make_unique<BertTextEmbedder>(BertTextEmbedder::Config{.backbone = backbone_config(), .pooling_mode = "max", .normalize = false});
  model->set_preprocessor(std::make_shared<BertTextEmbedderPreprocessor>(tokenizer(), BertTextEmbedderPreprocessor::Config{.sequence_length = 6}));
  return model;
}

std::vector<double> weights_of(const Layer& layer) {
  std::vector<double> all;
  for (const Parameter& parameter : layer.parameters())
    for (const double value : parameter.tensor.to_vector()) all.push_back(value);
  return all;
}

void edit(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = read_text(file);
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, file << " holds no " << from);
  write_text(file, text.replace(at, from.size(), to));
}

/// A classifier's preset, and the same as a .keras file.
struct Archived {
  TemporaryDirectory directory;
  std::filesystem::path preset = directory / "preset", file = directory / "model.keras";
  BertTextClassifier model{{.backbone = backbone_config(), .num_classes = 3}};
  std::string task, weights;

  Archived() {
    model.set_preprocessor(
        std::make_shared<BertTextClassifierPreprocessor>(tokenizer(), BertTextClassifierPreprocessor::Config{.sequence_length = 7}));
    model.save_to_preset(preset);
    save_weights(model, directory / "whole.weights.h5");
    task = read_text(preset / "task.json");
    weights = read_text(directory / "whole.weights.h5");
  }
  void write(const std::string& config, const std::string& stored_weights) const {
    write_zip(file, {{"metadata.json", "{}"},
                     {"config.json", config},
                     {"model.weights.h5", stored_weights},
                     {"assets/preprocessor/tokenizer/vocabulary.txt", read_text(preset / "assets/tokenizer/vocabulary.txt")}});
  }
};

std::size_t left_in_temporary_directory() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    const std::string name = entry.path().filename().string();
    count += name.starts_with("linnet-") && !name.starts_with("linnet-test-");
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_presets)

BOOST_AUTO_TEST_CASE(a_saved_masked_lm_comes_back_whole) {
  const TemporaryDirectory directory;
  const auto model = make_masked_lm();
  model->save_to_preset(directory / "preset");
  const std::string preset = directory / "preset";
  const auto loaded = BertMaskedLM::from_preset(preset);
  BOOST_TEST(weights_of(*loaded) == weights_of(*model), boost::test_tools::per_element());
  BOOST_TEST(to_json(loaded->config()) == to_json(model->config()));
  BOOST_TEST(to_json(loaded->preprocessor().config()) == to_json(model->preprocessor().config()));
  BOOST_TEST(BertMaskedLM::from_preset(preset, {.sequence_length = 99})->preprocessor().config().sequence_length == 10);
  BOOST_TEST(BertMaskedLM::from_preset(preset, {.preset = {.dropout = 0.0}})->config().backbone.dropout == 0);
  BOOST_TEST(weights_of(*BertMaskedLM::from_preset(preset, {.preset = {.load_weights = false}})) != weights_of(*model));
  edit(directory / "preset/preprocessor.json", "\"mask_selection_rate\": 0.25", "\"mask_selection_rate\": 2.5");
  BOOST_CHECK_EXCEPTION(BertMaskedLM::from_preset(preset), std::runtime_error, says("preprocessor.json: ", "mask_selection_rate"));
}

BOOST_AUTO_TEST_CASE(a_saved_embedder_comes_back_whole_and_options_override_it) {
  const TemporaryDirectory directory;
  make_masked_lm()->save_to_preset(directory / "preset");  // an embedder has no head: the one of before goes
  const auto model = make_embedder();
  model->save_to_preset(directory / "preset");
  const std::string preset = directory / "preset";
  BOOST_TEST(!std::filesystem::exists(directory / "preset/task.weights.h5"));
  const auto loaded = BertTextEmbedder::from_preset(preset);
  BOOST_TEST(weights_of(*loaded) == weights_of(*model), boost::test_tools::per_element());
  BOOST_TEST(to_json(loaded->config()) == to_json(model->config()));
  BOOST_TEST(loaded->preprocessor().config().sequence_length == 6);
  const std::vector<std::int32_t> accent{2, 7, 3}, plain{2, 8, 3};
  BOOST_TEST(loaded->preprocessor().preprocess("Caf\xC3\xA9").token_ids == accent, boost::test_tools::per_element());

  const auto other = BertTextEmbedder::from_preset(
      preset, {.pooling_mode = "cls", .normalize = true, .strip_accents = true, .sequence_length = 5, .preset = {.activation = "gelu"}});
  BOOST_TEST(other->config().pooling_mode == "cls");
  BOOST_TEST(other->config().normalize);
  BOOST_TEST(other->config().backbone.activation == "gelu");
  BOOST_TEST(other->preprocessor().config().sequence_length == 5);
  BOOST_TEST(other->preprocessor().preprocess("Caf\xC3\xA9").token_ids == plain, boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(BertTextEmbedder::from_preset(preset, {.pooling_mode = "sum"}), std::invalid_argument,
                        says("BertTextEmbedder: pooling_mode must be mean, cls or max, got 'sum'"));
  edit(directory / "preset/task.json", "\"pooling_mode\": \"max\"", "\"pooling_mode\": \"sum\"");
  BOOST_CHECK_EXCEPTION(BertTextEmbedder::from_preset(preset), std::runtime_error,
                        says("task.json: BertTextEmbedder: pooling_mode must be mean, cls or max, got 'sum'"));
}

BOOST_AUTO_TEST_CASE(each_task_starts_from_the_preset_of_another) {
  const TemporaryDirectory directory;
  const auto embedder = make_embedder();
  embedder->save_to_preset(directory / "embedder");
  const std::vector<double> backbone = weights_of(embedder->backbone());
  const auto masked = BertMaskedLM::from_preset((directory / "embedder").string());
  BOOST_TEST(weights_of(masked->backbone()) == backbone, boost::test_tools::per_element());
  BOOST_TEST(masked->preprocessor().config().mask_selection_length == 96);  // KerasHub's default
  BOOST_TEST(masked->preprocessor().config().sequence_length == 10);
  const auto dense = [](const Layer& head) { return weights_of(*head.children()[0].layer); };
  const std::vector<double> first = dense(masked->masked_lm_head());
  BOOST_TEST(std::ranges::any_of(first, [](double value) { return value != 0; }));  // a new head has initial values
  masked->save_to_preset(directory / "masked");
  BOOST_TEST(weights_of(BertTextEmbedder::from_preset((directory / "masked").string())->backbone()) == backbone, boost::test_tools::per_element());
  BOOST_TEST(weights_of(BertTextClassifier::from_preset((directory / "masked").string(), {.num_classes = 2})->backbone()) == backbone,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_model_without_a_preprocessor_says_so) {
  BOOST_CHECK_EXCEPTION(BertMaskedLM(BertMaskedLM::Config{backbone_config()}).preprocessor(), std::invalid_argument,
                        says("BertMaskedLM: the model must have a preprocessor, got none"));
  BOOST_CHECK_EXCEPTION(BertTextEmbedder(BertTextEmbedder::Config{backbone_config()}).preprocessor(), std::invalid_argument,
                        says("BertTextEmbedder: the model must have a preprocessor, got none"));
  const TemporaryDirectory directory;
  const BertMaskedLM model(BertMaskedLM::Config{backbone_config()});
  model.save_to_preset(directory / "preset");
  BOOST_TEST(!std::filesystem::exists(directory / "preset/preprocessor.json"));
  BOOST_TEST(weights_of(*BertBackbone::from_preset((directory / "preset").string())) == weights_of(model.backbone()),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_activation_is_computed_saved_and_warned_of) {
  const TemporaryDirectory directory;
  const auto usual = make_embedder();
  std::uint32_t number = 0;
  for (Parameter& parameter : usual->parameters())  // initial values are too small to show the difference
    parameter.tensor.assign(random_normal(parameter.tensor.shape(), DType::float32, {5, 2, number++}));
  std::vector<std::string> heard;
  WarningHandler before = set_warning_handler([&](const std::string& message) { heard.push_back(message); });
  usual->save_to_preset(directory / "usual");
  BOOST_TEST(heard.empty());
  BOOST_TEST(read_text(directory / "usual/config.json").find("activation") == std::string::npos);  // KerasHub's bytes
  BOOST_TEST(preset_notes((directory / "usual").string()).empty());

  const auto exact = BertTextEmbedder::from_preset((directory / "usual").string(), {.preset = {.activation = "gelu"}});
  exact->save_to_preset(directory / "exact");
  set_warning_handler(std::move(before));
  BOOST_REQUIRE(heard.size() == 1);
  BOOST_TEST(heard[0].find("exact: KerasHub will ignore the activation gelu and compute gelu_approximate") != std::string::npos);
  BOOST_TEST(BertBackbone::from_preset((directory / "exact").string())->config().activation == "gelu");
  const std::vector<std::string> notes = preset_notes((directory / "exact").string());
  BOOST_REQUIRE(notes.size() == 1);
  BOOST_TEST(notes[0].find("config.json: config.activation is \"gelu\": KerasHub ignores it and computes gelu_approximate") != std::string::npos);

  const BertInputs inputs = usual->preprocessor().preprocess_batch(std::vector<std::vector<std::string>>{{"good bad"}});
  BOOST_TEST(exact->forward(inputs).to_vector() != usual->forward(inputs).to_vector());
  BertBackbone::Config config = backbone_config();
  config.activation = "softmax";
  BOOST_CHECK_EXCEPTION(BertBackbone backbone(config), std::invalid_argument, says("BertBackbone: activation must be elementwise, got 'softmax'"));
}

BOOST_AUTO_TEST_CASE(an_export_names_the_activation_as_transformers_does) {
  const TemporaryDirectory directory;
  BertBackbone::Config config = backbone_config();
  const auto exported = [&](const std::string& activation) {
    config.activation = activation;
    export_to_hugging_face(BertBackbone(config), nullptr, directory / activation);
    return JsonValue::parse(read_text(directory / (activation + "/config.json")), "config.json").at("hidden_act").text();
  };
  BOOST_TEST(exported("gelu_approximate") == "gelu_pytorch_tanh");
  BOOST_TEST(exported("gelu") == "gelu");
  BOOST_CHECK_EXCEPTION(exported("relu"), std::invalid_argument, says("export: a backbone's activation must be gelu_approximate or gelu, got relu"));
}

BOOST_AUTO_TEST_CASE(a_keras_file_is_a_preset) {
  const Archived archived;
  archived.write(archived.task, archived.weights);
  const std::size_t before = left_in_temporary_directory();
  const auto loaded = BertTextClassifier::from_preset(archived.file.string());
  BOOST_TEST(weights_of(*loaded) == weights_of(archived.model), boost::test_tools::per_element());
  BOOST_TEST(loaded->config().num_classes == 3);
  BOOST_TEST(loaded->preprocessor().config().sequence_length == 7);
  BOOST_TEST(loaded->preprocessor().tokenizer().vocabulary().tokens() == kTokens, boost::test_tools::per_element());
  const auto new_head = BertTextClassifier::from_preset(archived.file.string(), {.num_classes = 5});
  BOOST_TEST(weights_of(new_head->backbone()) == weights_of(archived.model.backbone()), boost::test_tools::per_element());
  BOOST_TEST(weights_of(*BertBackbone::from_preset(archived.file.string())) == weights_of(archived.model.backbone()),
             boost::test_tools::per_element());
  BOOST_TEST(left_in_temporary_directory() == before);
}

BOOST_AUTO_TEST_CASE(a_keras_file_of_a_backbone_is_read_too) {
  const Archived archived;
  archived.write(read_text(archived.preset / "config.json"), read_text(archived.preset / "model.weights.h5"));
  BOOST_TEST(weights_of(*BertBackbone::from_preset(archived.file.string())) == weights_of(archived.model.backbone()),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(other_keras_files_are_refused_by_name_and_leave_nothing_behind) {
  const Archived archived;
  const std::size_t before = left_in_temporary_directory();
  const auto refuses = [&](const std::string& text) {
    BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset(archived.file.string()), std::runtime_error, says("model.keras", text));
  };
  write_text(archived.file, "no zip");
  refuses("must be a zip archive");
  write_zip(archived.file, {{"metadata.json", "{}"}});
  refuses("config.json is missing");
  write_zip(archived.file, {{"config.json", R"({"class_name": "Sequential", "registered_name": "Sequential"})"}});
  refuses("config.json: registered_name must name a class of keras_hub, got \"Sequential\"");
  write_zip(archived.file, {{"config.json", archived.task}});
  refuses("model.weights.h5 is missing");
  archived.write(archived.task, archived.weights.substr(0, archived.weights.size() / 2));
  refuses("whole.weights.h5");
  std::string wider = archived.task;
  wider.replace(wider.find("\"num_classes\": 3"), 16, "\"num_classes\": 4");
  archived.write(wider, archived.weights);
  refuses("does not fit BertTextClassifier: shape of logits/");
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset((archived.directory / "none.keras").string()), std::runtime_error,
                        says("none.keras', which is no directory"));
  BOOST_TEST(left_in_temporary_directory() == before);
}

BOOST_AUTO_TEST_CASE(a_keras_file_needs_room_to_be_unpacked) {
  const Archived archived;
  archived.write(archived.task, archived.weights);
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before ? before : "";
  ::setenv("TMPDIR", "/proc", 1);
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset(archived.file.string()), std::runtime_error,
                        says("from_preset: cannot make the directory /proc/linnet-"));
  if (before) ::setenv("TMPDIR", kept.c_str(), 1);
  else ::unsetenv("TMPDIR");
}

BOOST_AUTO_TEST_SUITE_END()
