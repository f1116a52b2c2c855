#include "docs/examples/gru_classifier.h"
#include "docs/examples/mixture_of_experts.h"
#include "docs/examples/text_cnn.h"
#include "docs/examples/word_batches.h"
#include "tests/support/check_layer.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// Two sentences of three and two words, and one of none.
Tensor some_ids() { return Tensor::from<std::int32_t>({2, 5, 1, 4, 2, 0, 0, 0, 0}, {3, 3}); }

/// Gradients of a classifier of words with respect to every weight, in float64 and with dropout.
template <class Model>
void check_classifier(typename Model::Config config) {
  config.dtype = "float64";
  Model model(config);
  randomize(model);
  check_gradients(model, [&] { return model.forward(some_ids()); }, {});
}

/// Dev accuracies of the program's epochs, the last one at least `accuracy`.
void check_learns(const std::string& model, double accuracy) {
  const ProgramResult result = run_program(word_models_example(), {"--model", model, "--data", (source_directory() / "data/reviews").string()});
  BOOST_TEST(result.code == 0);
  const std::size_t last = result.out.rfind("dev accuracy ");
  BOOST_TEST_REQUIRE(last != std::string::npos, result.out);
  BOOST_TEST(std::stod(result.out.substr(last + 13)) >= accuracy, result.out);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(word_models)

BOOST_AUTO_TEST_CASE(a_text_cnn_has_right_gradients) { check_classifier<TextCnn>({.vocabulary_size = 6, .embedding_dim = 3, .filters = 2}); }

BOOST_AUTO_TEST_CASE(a_gru_has_right_gradients) {
  check_classifier<GruClassifier>({.vocabulary_size = 6, .embedding_dim = 3, .units = 2});
  Gru gru({.input_dim = 2, .units = 3, .dtype = "float64"});
  randomize(gru);
  const Tensor x = random_input({2, 4, 2}), present = Tensor::from<std::int32_t>({1, 1, 1, 0, 1, 0, 1, 1}, {2, 4});
  check_gradients(gru, [&] { return gru.forward(x, present); }, {x});
}

BOOST_AUTO_TEST_CASE(a_gru_keeps_its_state_over_padding) {
  Gru gru({.input_dim = 2, .units = 3});
  const Tensor x = random_input({1, 3, 2}).cast(DType::float32);
  const Tensor states = gru.forward(x, Tensor::from<std::int32_t>({1, 0, 1}, {1, 3}));
  const std::vector<double> values = states.to_vector();
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(values[3 + i] == values[i]);
    BOOST_TEST(values[6 + i] != values[i]);
  }
}

BOOST_AUTO_TEST_CASE(a_mixture_of_experts_has_right_gradients) {
  check_layer<MixtureOfExperts>({.dim = 3, .intermediate_dim = 2, .experts = 3}, {4, 3});
  check_classifier<ExpertsClassifier>({.vocabulary_size = 6, .embedding_dim = 3, .experts = 3});
}

BOOST_AUTO_TEST_CASE(experts_are_mixed_by_their_shares) {
  // Every expert the same: whoever is asked, the answer is that of one feed-forward layer.
  MixtureOfExperts layer({.dim = 3, .intermediate_dim = 4, .experts = 4, .dtype = "float64"});
  randomize(layer);
  const auto children = layer.children();  // the gate, then the two layers of each expert
  for (std::size_t i = 3; i < children.size(); ++i)
    for (std::size_t w = 0; w < 2; ++w) {
      Tensor weight = children[i].layer->weights()[w].tensor;
      weight.assign(children[i - 2].layer->weights()[w].tensor);
    }
  const Tensor x = random_input({5, 3});
  const auto& wide = dynamic_cast<const Dense&>(*children[1].layer);
  const auto& narrow = dynamic_cast<const Dense&>(*children[2].layer);
  const std::vector<double> expected = narrow(wide(x)).to_vector(), found = layer(x).to_vector();
  for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-12);
}

BOOST_AUTO_TEST_CASE(a_text_cnn_learns_to_judge_reviews) { check_learns("cnn", 0.74); }
BOOST_AUTO_TEST_CASE(a_gru_learns_to_judge_reviews) { check_learns("gru", 0.74); }
BOOST_AUTO_TEST_CASE(experts_learn_to_judge_reviews) { check_learns("experts", 0.74); }

BOOST_AUTO_TEST_CASE(an_unknown_model_is_refused) {
  const ProgramResult result = run_program(word_models_example(), {"--model", "lstm"});
  BOOST_TEST(result.code == 2);
  BOOST_TEST(result.errors.find("--model: must be cnn, gru or experts, got 'lstm'") != std::string::npos, result.errors);
}

BOOST_AUTO_TEST_SUITE_END()
