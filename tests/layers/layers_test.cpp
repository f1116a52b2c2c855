#include "framework/linnet.h"
#include "tests/support/check_layer.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(dense_is_a_well_behaved_layer) {
  check_layer<Dense>({.input_dim = 3, .units = 4, .activation = "gelu"}, {2, 5, 3});
  check_layer<Dense>({.input_dim = 1, .units = 1, .use_bias = false}, {1, 1});
}

BOOST_AUTO_TEST_CASE(einsum_dense_is_a_well_behaved_layer) {
  check_layer<EinsumDense>({.input_shape = {4}, .output_shape = {2, 3}}, {5, 4});
  check_layer<EinsumDense>({.input_shape = {2, 3}, .output_shape = {4}, .use_bias = false}, {5, 6});
}

BOOST_AUTO_TEST_CASE(layer_normalization_is_a_well_behaved_layer) {
  check_layer<LayerNormalization>({.dim = 4, .epsilon = 1e-12}, {3, 4});
  check_layer<LayerNormalization>({.dim = 3, .center = false, .scale = false}, {2, 3});
}

BOOST_AUTO_TEST_CASE(softmax_and_dropout_are_well_behaved_layers) {
  check_layer<Softmax>({}, {3, 4});
  check_layer<Dropout>({.rate = 0.3}, {6, 5});
}

BOOST_AUTO_TEST_CASE(embeddings_give_rows_and_gather_the_gradients_of_repeated_ids) {
  Embedding layer({.input_dim = 5, .output_dim = 3, .dtype = "float64"});
  randomize(layer);
  const Tensor ids = Tensor::from<std::int32_t>({4, 0, 4, 2}, {2, 2});
  check_gradients(layer, [&] { return layer.forward(ids); }, {});
  check_json_round_trip(layer);
  check_refuses([&] { layer.forward(Tensor::from<std::int32_t>({1, 5}, {2})); }, "ids must lie in [0, 5), got 5 at position 1");
  check_refuses([&] { layer.forward(Tensor::from<std::int32_t>({-1}, {1})); }, "got -1 at position 0");
}

BOOST_AUTO_TEST_CASE(reversible_embedding_goes_both_ways) {
  for (const bool tied : {true, false}) {
    ReversibleEmbedding layer({.input_dim = 5, .output_dim = 3, .tie_weights = tied, .logit_soft_cap = 2.0, .dtype = "float64"});
    randomize(layer);
    const Tensor x = random_input({2, 3});
    const Tensor ids = Tensor::from<std::int32_t>({1, 3}, {2});
    check_gradients(layer, [&] { return ops::add(layer.reverse(x), layer.reverse(layer.forward(ids))); }, {x});
    check_json_round_trip(layer);
  }
}

BOOST_AUTO_TEST_CASE(position_embedding_counts_from_the_start_of_each_sequence) {
  PositionEmbedding layer({.sequence_length = 4, .output_dim = 2, .dtype = "float64"});
  randomize(layer);
  const SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{2, 0, 3});
  check_gradients(layer, [&] { return layer.forward(layout); }, {});
  const std::vector<double> table = layer.embeddings().to_vector(), rows = layer.forward(layout, 1).to_vector();
  const std::vector<double> expected{table[2], table[3], table[4], table[5], table[2], table[3], table[4], table[5], table[6], table[7]};
  BOOST_TEST(rows == expected, boost::test_tools::per_element());
  check_refuses([&] { layer.forward(layout, 2); }, "a sequence must have at most 4 tokens, got 3 from start_index 2");
}

BOOST_AUTO_TEST_CASE(multi_head_attention_has_the_gradients_of_self_and_cross_attention) {
  MultiHeadAttention layer({.num_heads = 2, .key_dim = 2, .value_dim = 3, .query_dim = 4, .dropout = 0.2, .dtype = "float64"});
  randomize(layer);
  const SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{3, 1}),
                       other = SequenceLayout::ragged(std::vector<std::int32_t>{2, 2});
  const Tensor x = random_input({4, 4});
  check_gradients(layer, [&] { return layer.forward(x, layout, {}); }, {x});
  const Tensor y = random_normal({4, 4}, DType::float64, {9, 9, 9});
  check_gradients(layer, [&] { return layer.forward(x, layout, y, other, {.causal = true}); }, {x, y});
  check_json_round_trip(layer);
}

BOOST_AUTO_TEST_CASE(transformer_encoder_has_right_gradients_before_and_after_norm) {
  for (const bool first : {true, false}) {
    TransformerEncoder layer(
        {.hidden_dim = 4, .intermediate_dim = 3, .num_heads = 2, .dropout = 0.3, .activation = "gelu", .normalize_first = first, .dtype = "float64"});
    randomize(layer);
    const SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{2, 1});
    const Tensor x = random_input({3, 4});
    check_gradients(layer, [&] { return layer.forward(x, layout); }, {x});
    check_gradients(layer, [&] { return layer.forward_first_rows(x, layout); }, {x});
    check_json_round_trip(layer);
  }
}

BOOST_AUTO_TEST_CASE(wrong_configs_are_refused_with_field_rule_and_value) {
  check_refuses([] { Dense({.input_dim = 0, .units = 3}); }, "Dense: input_dim must be positive, got 0");
  check_refuses([] { Dense({.input_dim = 2, .units = 3, .activation = "gulu"}); }, "got 'gulu'");
  check_refuses([] { Dropout({.rate = 1.5}); }, "Dropout: rate must lie in [0, 1], got 1.5");
  check_refuses([] { TransformerEncoder({.hidden_dim = 4, .intermediate_dim = 8, .num_heads = 5}); }, "num_heads must be 1 to hidden_dim 4, got 5");
  check_refuses([] { layer_from_json(R"({"class_name": "Dense", "config": {"unit": 3}})"); }, "Dense: unknown config key 'unit'; known keys: ");
  check_refuses([] { layer_from_json(R"({"class_name": "Dens", "config": {}})"); }, "the class must be registered, got 'Dens'");
  check_refuses([] { layer_from_json(R"({"class_name": "Dense", "config": {"units": "3"}})"); }, "config key 'units' must be an integer, got \"3\"");
}

BOOST_AUTO_TEST_SUITE_END()
