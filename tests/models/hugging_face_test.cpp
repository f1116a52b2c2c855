#include <boost/test/unit_test.hpp>
#include <functional>

#include "framework/io/atomic_file.h"
#include "framework/io/safetensors.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

constexpr std::int64_t kHidden = 4, kWide = 6;
const char* const kConfig = R"({"model_type": "bert", "hidden_act": "gelu_new", "vocab_size": 7, "num_hidden_layers": 1, "num_attention_heads": 2,
  "hidden_size": 4, "intermediate_size": 6, "max_position_embeddings": 9, "type_vocab_size": 2, "layer_norm_eps": 1e-12})";

/// Values that differ everywhere.
Tensor counted(const Shape& shape, float first) {
  Tensor tensor = Tensor::empty(shape);
  float value = first;
  for (float& element : tensor.mutable_data<float>()) element = (value += 0.125f);
  return tensor;
}

std::vector<Parameter> tensors() {
  std::vector<Parameter> all{{"embeddings.word_embeddings.weight", counted({7, kHidden}, 0)},
                             {"embeddings.position_embeddings.weight", counted({9, kHidden}, 100)},
                             {"embeddings.token_type_embeddings.weight", counted({2, kHidden}, 200)},
                             {"embeddings.LayerNorm.weight", counted({kHidden}, 300)},
                             {"embeddings.LayerNorm.bias", counted({kHidden}, 310)},
                             {"pooler.dense.weight", counted({kHidden, kHidden}, 320)},
                             {"pooler.dense.bias", counted({kHidden}, 340)}};
  float first = 1000;
  const auto add = [&](const std::string& name, const Shape& shape) { all.push_back({"encoder.layer.0." + name, counted(shape, first += 100)}); };
  for (const std::string name : {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
    add(name + ".weight", {kHidden, kHidden});
    add(name + ".bias", {kHidden});
  }
  add("intermediate.dense.weight", {kWide, kHidden});
  add("intermediate.dense.bias", {kWide});
  add("output.dense.weight", {kHidden, kWide});
  add("output.dense.bias", {kHidden});
  for (const std::string name : {"attention.output.LayerNorm", "output.LayerNorm"}) {
    add(name + ".weight", {kHidden});
    add(name + ".bias", {kHidden});
  }
  return all;
}

void make_checkpoint(const std::filesystem::path& directory, const std::vector<Parameter>& weights, const std::string& config = kConfig) {
  write_text(directory / "config.json", config);
  write_text(directory / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\n");
  write_text(directory / "tokenizer_config.json", R"({"do_lower_case": true})");
  write_safetensors(directory / "model.safetensors", weights);
}

Tensor variable(const Layer& layer, const std::string& path) {
  for (const Parameter& parameter : layer.parameters())
    if (parameter.path == path) return parameter.tensor;
  throw std::runtime_error("no variable " + path);
}

void refuses(const std::function<void(std::vector<Parameter>&)>& change, const std::string& text, const std::string& config = kConfig) {
  const TemporaryDirectory directory;
  std::vector<Parameter> weights = tensors();
  change(weights);
  make_checkpoint(directory.path(), weights, config);
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset(directory.path().string()), std::runtime_error, says(text));
}

std::string with(const std::string& key, const std::string& value) {
  const std::string config = kConfig;
  return config.substr(0, config.size() - 1) + ", \"" + key + "\": " + value + "}";
}
std::string without(const std::string& text) {
  std::string config = kConfig;
  return config.erase(config.find(text), text.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hugging_face)

BOOST_AUTO_TEST_CASE(linear_layers_are_transposed_and_heads_split) {
  const TemporaryDirectory directory;
  make_checkpoint(directory.path(), tensors());
  const auto backbone = BertBackbone::from_preset(directory.path().string());
  const auto stored = tensors();
  const auto source = [&](const std::string& name) {
    for (const Parameter& parameter : stored)
      if (parameter.path == name) return parameter.tensor.to_vector();
    throw std::runtime_error(name);
  };
  const auto query = variable(*backbone, "transformer_layer_0/self_attention_layer/query/kernel").to_vector();  // (hidden, heads, key_dim)
  const auto query_source = source("encoder.layer.0.attention.self.query.weight");                              // (heads * key_dim, hidden)
  const auto output = variable(*backbone, "transformer_layer_0/self_attention_layer/attention_output/kernel").to_vector();
  const auto output_source = source("encoder.layer.0.attention.output.dense.weight");
  const auto wide = variable(*backbone, "transformer_layer_0/feedforward_intermediate_dense/kernel").to_vector();  // (hidden, wide)
  const auto wide_source = source("encoder.layer.0.intermediate.dense.weight");
  for (std::size_t in = 0; in < kHidden; ++in) {
    for (std::size_t out = 0; out < kHidden; ++out) {
      BOOST_TEST(query[in * kHidden + out] == query_source[out * kHidden + in]);
      BOOST_TEST(output[in * kHidden + out] == output_source[out * kHidden + in]);
    }
    for (std::size_t out = 0; out < kWide; ++out) BOOST_TEST(wide[in * kWide + out] == wide_source[out * kHidden + in]);
  }
  BOOST_TEST(
      variable(*backbone, "transformer_layer_0/self_attention_layer/value/bias").to_vector() == source("encoder.layer.0.attention.self.value.bias"),
      boost::test_tools::per_element());
  BOOST_TEST(variable(*backbone, "embeddings_layer_norm/gamma").to_vector() == source("embeddings.LayerNorm.weight"),
             boost::test_tools::per_element());
  BOOST_TEST(variable(*backbone, "transformer_layer_0/feedforward_layer_norm/beta").to_vector() == source("encoder.layer.0.output.LayerNorm.bias"),
             boost::test_tools::per_element());
  BOOST_TEST(variable(*backbone, "segment_embedding/embeddings").to_vector() == source("embeddings.token_type_embeddings.weight"),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(prefixes_old_names_heads_and_shards_are_read) {
  const TemporaryDirectory plain, other;
  make_checkpoint(plain.path(), tensors());
  std::vector<Parameter> renamed = tensors();
  for (Parameter& parameter : renamed) {
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}})
      if (const std::size_t at = parameter.path.find(from); at != std::string::npos) parameter.path.replace(at, from.size(), to);
    parameter.path = "bert." + parameter.path;
  }
  renamed.push_back({"cls.predictions.bias", Tensor::zeros({7})});
  renamed.push_back({"bert.embeddings.position_ids", Tensor::zeros({1, 9}, DType::int32)});
  make_checkpoint(other.path(), renamed);
  const auto a = BertBackbone::from_preset(plain.path().string()), b = BertBackbone::from_preset(other.path().string());
  for (std::size_t i = 0; i < a->parameters().size(); ++i)
    BOOST_TEST(a->parameters()[i].tensor.to_vector() == b->parameters()[i].tensor.to_vector(), boost::test_tools::per_element());

  const auto classifier = BertTextClassifier::from_preset(plain.path().string(), {.num_classes = 2});
  BOOST_TEST(classifier->preprocessor().tokenizer().config().lowercase);
  BOOST_TEST(classifier->preprocessor().config().sequence_length == 9);
  write_text(plain / "sentence_bert_config.json", R"({"max_seq_length": 6})");
  BOOST_TEST(BertTextClassifier::from_preset(plain.path().string(), {.num_classes = 2})->preprocessor().config().sequence_length == 6);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_said_at_once) {
  refuses(
      [](std::vector<Parameter>& weights) {
        std::erase_if(weights, [](const Parameter& parameter) { return parameter.path.starts_with("pooler."); });
        weights[1].tensor = Tensor::zeros({5, kHidden});
      },
      "model.safetensors does not fit BertBackbone: shape of embeddings.position_embeddings.weight (5, 4) in the file, (9, 4) in the model; missing "
      "pooler.dense.weight; missing pooler.dense.bias");
  refuses([](std::vector<Parameter>& weights) { weights[3].tensor = Tensor::zeros({kHidden}, DType::int8); },
          "dtype of embeddings.LayerNorm.weight int8 in the file, a float in the model");
  refuses([](std::vector<Parameter>& weights) { weights[0].path = "wte.weight"; },
          "must hold 'embeddings.word_embeddings.weight', with or without a prefix");
}

BOOST_AUTO_TEST_CASE(other_models_are_refused) {
  const auto same = [](std::vector<Parameter>&) {};
  refuses(same, "config.json: model_type must be \"bert\", got \"gpt2\"", R"({"model_type": "gpt2"})");
  refuses(same, "config.json: key vocab_size is missing", without("\"vocab_size\": 7, "));
  refuses(same, "config.json: hidden_act must be a form of gelu, got \"relu\"", [] {
    std::string config = kConfig;
    return config.replace(config.find("gelu_new"), 8, "relu");
  }());
  refuses(same, "config.json: position_embedding_type must be \"absolute\", got \"relative_key\"",
          with("position_embedding_type", "\"relative_key\""));
  refuses(same, "config.json: is_decoder must be false", with("is_decoder", "true"));
  const TemporaryDirectory directory;
  write_text(directory / "config.json", kConfig);
  write_text(directory / "pytorch_model.bin", "");
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset(directory.path().string(), {.load_weights = true}), std::runtime_error,
                        says("must hold weights: ", "model.safetensors (.bin, TensorFlow and Flax files are not read"));
}

BOOST_AUTO_TEST_CASE(the_tokenizers_config_must_say_whether_it_folds_case) {
  const TemporaryDirectory directory;
  make_checkpoint(directory.path(), tensors());
  write_text(directory / "tokenizer_config.json", "{}");
  BOOST_CHECK_EXCEPTION(BertTextClassifier::from_preset(directory.path().string(), {.num_classes = 2}), std::runtime_error,
                        says("tokenizer_config.json: key do_lower_case is missing"));
}

BOOST_AUTO_TEST_CASE(notes_say_where_we_compute_otherwise_than_transformers) {
  const TemporaryDirectory directory;
  make_checkpoint(directory.path(), tensors());
  BOOST_TEST(preset_notes(directory.path().string()).empty());
  std::string config = kConfig;
  config.replace(config.find("gelu_new"), 8, "gelu");
  config.replace(config.find("1e-12"), 5, "1e-05");
  write_text(directory / "config.json", config);
  const std::vector<std::string> notes = preset_notes(directory.path().string());
  BOOST_REQUIRE(notes.size() == 2u);
  BOOST_TEST(notes[0].find("config.json: hidden_act is gelu: KerasHub and Linnet compute its tanh approximation") != std::string::npos);
  BOOST_TEST(notes[1].find("config.json: layer_norm_eps is 1e-05: KerasHub and Linnet compute with 1e-12") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_in_another_form_is_refused_with_what_helps) {
  const TemporaryDirectory directory;
  write_text(directory / "config.json", R"({"model_type": "bert", "vocab_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 4,
    "intermediate_size": 8, "max_position_embeddings": 9})");
  write_text(directory / "other.safetensors", std::string(10'000, 'x'));
  BOOST_CHECK_EXCEPTION(BertBackbone::from_preset(directory.path().string()), std::runtime_error,
                        says("must hold model.safetensors or model.safetensors.index.json (save the checkpoint with safe_serialization=True"));
}

BOOST_AUTO_TEST_SUITE_END()
