#include <boost/test/unit_test.hpp>
#include <cmath>

#include "framework/io/atomic_file.h"
#include "framework/layers/int8_layers.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_quantize.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// A float preset and its int8 copy.
struct Presets {
  TemporaryDirectory directory;
  std::string plain = (directory / "plain").string(), int8 = (directory / "int8").string();
  Presets() {
    write_tiny_preset(plain, {"bad", "good"});
    quantize_bert_preset(plain, int8);
  }
  /// Replaces the first `from` in the int8 preset's config.json and expects the error when it is loaded.
  void refuses(const std::string& from, const std::string& to, const std::string& text) const {
    const std::string good = read_text(int8 + "/config.json");
    std::string config = good;
    BOOST_TEST_REQUIRE(config.find(from) != std::string::npos);
    write_text(int8 + "/config.json", config.replace(config.find(from), from.size(), to));
    BOOST_CHECK_EXCEPTION(BertBackbone::from_preset(int8), std::runtime_error, says("config.json", text));
    write_text(int8 + "/config.json", good);
  }
};

std::vector<double> logits(const BertTextClassifier& model) {
  const std::vector<std::vector<std::string>> texts{{"the film is good ."}, {"bad"}};
  return model.forward(model.preprocessor().preprocess_batch(texts)).to_vector();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(int8_preset)

BOOST_AUTO_TEST_CASE(a_quantized_copy_is_a_classifier_with_an_int8_backbone_and_the_same_head) {
  const Presets presets;
  const auto plain = BertTextClassifier::from_preset(presets.plain), int8 = BertTextClassifier::from_preset(presets.int8);
  BOOST_TEST(int8_layers(int8->backbone()).size() == 3u + 6u);
  BOOST_TEST(int8_layers(*int8).size() == 3u + 6u);  // the head is float
  BOOST_TEST(int8->label_names() == plain->label_names(), boost::test_tools::per_element());
  const std::vector<double> before = logits(*plain), after = logits(*int8);
  BOOST_TEST((before != after));
  for (std::size_t i = 0; i < before.size(); ++i) BOOST_TEST(std::abs(before[i] - after[i]) < 0.02);
  // Quantizing in memory is the same, and so is what is saved of it.
  plain->backbone().quantize("int8");
  BOOST_TEST(logits(*plain) == after, boost::test_tools::per_element());
  plain->save_to_preset(presets.directory / "again");
  for (const char* name : {"config.json", "task.json", "model.weights.h5", "labels.json", "tokenizer.json"})
    BOOST_TEST((read_text(presets.directory / "again" / name) == read_text(presets.int8 + "/" + name)), name);
  BOOST_TEST(std::filesystem::file_size(presets.int8 + "/model.weights.h5") < std::filesystem::file_size(presets.plain + "/model.weights.h5"));
}

BOOST_AUTO_TEST_CASE(backbones_checkpoints_and_other_tasks_are_quantized_with_what_belongs_to_them) {
  const Presets presets;
  const auto same = [&](const std::string& name, const std::vector<std::string>& files) {
    const std::string from = presets.directory / name, to = presets.directory / (name + "8");
    quantize_bert_preset(from, to);
    const auto backbone = BertBackbone::from_preset(to), int8 = BertBackbone::from_preset(presets.int8);
    BOOST_TEST_REQUIRE(backbone->parameters().size() == int8->parameters().size());
    for (std::size_t i = 0; i < int8->parameters().size(); ++i)
      BOOST_TEST((backbone->parameters()[i].tensor.to_vector() == int8->parameters()[i].tensor.to_vector()), int8->parameters()[i].path);
    for (const std::string& file : files) BOOST_TEST(std::filesystem::exists(to + "/" + file), file);
  };
  const auto classifier = BertTextClassifier::from_preset(presets.plain);
  classifier->backbone().save_to_preset(presets.directory / "backbone");
  same("backbone", {"config.json"});
  export_to_hugging_face(*classifier, presets.directory / "checkpoint");
  same("checkpoint", {"tokenizer.json", "assets/tokenizer/vocabulary.txt"});
  BertTextEmbedder::from_preset(presets.plain)->save_to_preset(presets.directory / "embedder");
  same("embedder", {"task.json", "preprocessor.json"});
  BertMaskedLM::from_preset(presets.plain)->save_to_preset(presets.directory / "masked_lm");
  same("masked_lm", {"task.json", "task.weights.h5"});
}

BOOST_AUTO_TEST_CASE(float64_weights_beside_int8_ones_come_with_the_dtype) {
  const Presets presets;
  const auto wide = BertBackbone::from_preset(presets.int8, {.dtype = "float64"});
  BOOST_TEST(int8_layers(*wide).size() == 9u);
  const auto narrow = BertBackbone::from_preset(presets.int8);
  const Tensor ids = Tensor::from<std::int32_t>({2, 5, 6, 3}, {1, 4}), zeros = Tensor::zeros({1, 4}, DType::int32),
               ones = Tensor::full({1, 4}, 1, DType::int32);
  const auto expected = narrow->forward({ids, zeros, ones}).pooled_output, actual = wide->forward({ids, zeros, ones}).pooled_output;
  BOOST_TEST(actual.dtype() == DType::float64);
  for (std::size_t i = 0; i < 16; ++i) BOOST_TEST(std::abs(expected.to_vector()[i] - actual.to_vector()[i]) < 1e-2);
}

BOOST_AUTO_TEST_CASE(what_files_have_no_place_for_is_refused) {
  const Presets presets;
  const auto model = BertTextClassifier::from_preset(presets.plain);
  model->quantize("int8");
  BOOST_TEST(int8_layers(*model).size() == 10u);
  BOOST_CHECK_EXCEPTION(model->save_to_preset(presets.directory / "whole"), std::invalid_argument,
                        says("BertTextClassifier: the head must be float to be saved in a preset, got int8"));
  BOOST_CHECK_EXCEPTION(quantize_bert_preset(presets.plain, presets.plain), std::invalid_argument,
                        says("quantize: the output must be another directory than the preset"));
  BOOST_CHECK_EXCEPTION(quantize_bert_preset(presets.int8, presets.directory / "twice"), std::invalid_argument,
                        says("BertBackbone: quantize must come once, got 'token_embedding' that is int8 already"));
  BOOST_CHECK_EXCEPTION(export_to_hugging_face(*BertTextClassifier::from_preset(presets.int8), presets.directory / "theirs"), std::invalid_argument,
                        says("export: the backbone must be float for transformers, got int8 layers"));
  const std::string task = read_text(presets.plain + "/task.json");
  write_text(presets.plain + "/task.json", R"({"registered_name": "keras_hub>BertSomething", "config": {}})");
  BOOST_CHECK_EXCEPTION(quantize_bert_preset(presets.plain, presets.directory / "other"), std::runtime_error,
                        says("task.json: must be a BertTextClassifier, BertMaskedLM or BertTextEmbedder, got a BertSomething"));
}

BOOST_AUTO_TEST_CASE(wrong_policies_are_refused_with_file_and_key) {
  const Presets presets;
  presets.refuses("\"mode\": \"int8\"", "\"mode\": \"int4/128\"", "must be a QuantizedDTypePolicy of the mode int8, got");
  presets.refuses("\"DTypePolicyMap\"", "\"Float8Policy\"", "must be a DTypePolicy or a DTypePolicyMap, got \"Float8Policy\"");
  presets.refuses("\"segment_embedding\": {", "\"embeddings_layer_norm\": {",
                  "an int8 layer must be a Dense, EinsumDense, Embedding or ReversibleEmbedding, got 'embeddings_layer_norm', which is none");
  presets.refuses("\"segment_embedding\": {", "\"position_embedding\": {", "got 'position_embedding', which is none");
}

BOOST_AUTO_TEST_SUITE_END()
