#include <map>
#include <nlohmann/json.hpp>

#include "docs/examples/gated_dense.h"
#include "docs/examples/gru_classifier.h"
#include "docs/examples/mixture_of_experts.h"
#include "docs/examples/text_cnn.h"
#include "framework/io/atomic_file.h"
#include "framework/io/weights.h"
#include "tests/support/check_layer.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// A config of each registered class, with values that are not the defaults.
const std::map<std::string, std::string> kConfigs{
    {"Activation", R"({"activation": "mish"})"},
    {"Add", "{}"},
    {"BertBackbone", R"({"vocabulary_size": 11, "num_layers": 2, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 6, "dropout": 0.25,
                         "max_sequence_length": 9, "num_segments": 3})"},
    {"BertMaskedLM", R"({"backbone": {"vocabulary_size": 11, "num_layers": 1, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 6}})"},
    {"BertTextClassifier", R"({"backbone": {"vocabulary_size": 11, "num_layers": 1, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 6},
                               "num_classes": 5, "activation": "softmax", "dropout": 0.5})"},
    {"BertTextEmbedder", R"({"backbone": {"vocabulary_size": 11, "num_layers": 1, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 6}})"},
    {"Dense", R"({"input_dim": 3, "units": 2, "activation": "relu", "use_bias": false, "dtype": "float64"})"},
    {"Dropout", R"({"rate": 0.5})"},
    {"EinsumDense", R"({"equation": "abc,cd->abd", "input_shape": [2, 3], "output_shape": [2, 4], "bias_axes": "d", "activation": "tanh"})"},
    {"Embedding", R"({"input_dim": 5, "output_dim": 3})"},
    {"GatedDense", R"({"input_dim": 3, "units": 2})"},
    {"ExpertsClassifier", R"({"vocabulary_size": 7, "embedding_dim": 4, "experts": 3, "classes": 5, "dropout": 0.25})"},
    {"GlobalAveragePooling1D", "{}"},
    {"Gru", R"({"input_dim": 3, "units": 2})"},
    {"GruClassifier", R"({"vocabulary_size": 7, "embedding_dim": 4, "units": 3, "classes": 5, "dropout": 0.25})"},
    {"InputLayer", "{}"},
    {"LayerNormalization", R"({"dim": 4, "epsilon": 0.5, "center": false})"},
    {"MaskedLMHead", R"({"vocabulary_size": 7, "hidden_dim": 4, "intermediate_activation": "gelu", "activation": "softmax",
                         "layer_norm_epsilon": 0.5})"},
    {"MixtureOfExperts", R"({"dim": 3, "intermediate_dim": 5, "experts": 2})"},
    {"MultiHeadAttention", R"({"num_heads": 2, "key_dim": 3, "value_dim": 5, "query_dim": 4, "dropout": 0.5})"},
    {"PositionEmbedding", R"({"sequence_length": 6, "output_dim": 3})"},
    {"Residual", R"({"layer": "{\"class_name\": \"Dense\", \"config\": {\"input_dim\": 3, \"units\": 3}}"})"},
    {"ReversibleEmbedding", R"({"input_dim": 5, "output_dim": 3, "tie_weights": false})"},
    {"RMSNormalization", R"({"dim": 4, "epsilon": 0.5})"},
    {"Sequential", R"({"layers": ["{\"class_name\": \"Dense\", \"config\": {\"input_dim\": 3, \"units\": 2}}",
                                  "{\"class_name\": \"Dropout\", \"config\": {\"rate\": 0.5}}"], "names": ["first", "second"]})"},
    {"SinePositionEncoding", R"({"output_dim": 4, "max_wavelength": 100})"},
    {"Softmax", "{}"},
    {"TextCnn", R"({"vocabulary_size": 7, "embedding_dim": 4, "filters": 3, "classes": 5, "dropout": 0.25})"},
    {"TokenAndPositionEmbedding", R"({"vocabulary_size": 5, "sequence_length": 6, "embedding_dim": 3, "tie_weights": false})"},
    {"TransformerEncoder", R"({"hidden_dim": 4, "intermediate_dim": 6, "num_heads": 2, "dropout": 0.5, "activation": "gelu",
                               "layer_norm_epsilon": 0.5, "normalize_first": true})"}};

/// Every value of `given` stands in `found`; layers within layers hold JSON as text, which may be written otherwise.
void check_holds(const nlohmann::json& given, const nlohmann::json& found) {
  for (const auto& [key, value] : given.items()) {
    BOOST_TEST_REQUIRE(found.contains(key), key);
    if (value.is_object()) check_holds(value, found[key]);
    else if (key != "layer" && key != "layers") BOOST_TEST(found[key] == value, key << " is " << found[key] << ", not " << value);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(round_trip)

BOOST_AUTO_TEST_CASE(every_registered_layer_and_model_comes_back_from_its_files) {
  const TemporaryDirectory directory;
  for (const std::string& name : registered_layers()) BOOST_TEST_CONTEXT(name) {
      BOOST_TEST_REQUIRE(kConfigs.contains(name), "a registered class needs a config here");
      const nlohmann::json config = nlohmann::json::parse(kConfigs.at(name));
      const std::unique_ptr<Layer> layer = layer_from_json(nlohmann::json{{"class_name", name}, {"config", config}}.dump());
      const std::string json = layer_to_json(*layer);
      check_holds(config, nlohmann::json::parse(json)["config"]);

      write_text(directory / "config.json", json);
      const std::unique_ptr<Layer> copy = layer_from_json(read_text(directory / "config.json"));
      BOOST_TEST(layer_to_json(*copy) == json);
      check_json_round_trip(*layer);
      if (layer->parameters().empty()) continue;
      randomize(*layer);
      save_weights(*layer, directory / "layer.weights.h5");
      load_weights(*copy, directory / "layer.weights.h5");
      check_same_layer(*layer, *copy);
    }
}

BOOST_AUTO_TEST_SUITE_END()
