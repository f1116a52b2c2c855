#include <cmath>

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
  check_layer<EinsumDense>({.equation = "abc,cde->abde", .input_shape = {0, 4}, .output_shape = {0, 2, 3}, .bias_axes = "de"}, {2, 5, 4});
  check_layer<EinsumDense>({.equation = "abcd,cde->abe", .input_shape = {0, 2, 3}, .output_shape = {0, 4}, .activation = "gelu"}, {2, 5, 2, 3});
  check_layer<EinsumDense>({.equation = "...b,bc->...c", .input_shape = {4}, .output_shape = {3}, .bias_axes = "c"}, {2, 2, 4});
  // Not a product of matrices as they lie: transposed, with a batch axis, with a bias on one axis, with dots on the right.
  check_layer<EinsumDense>({.equation = "ab,cb->ac", .input_shape = {4}, .output_shape = {3}, .bias_axes = "c"}, {2, 4});
  check_layer<EinsumDense>({.equation = "abc,bcd->abd", .input_shape = {2, 3}, .output_shape = {2, 4}, .bias_axes = "d", .activation = "softmax"},
                           {2, 2, 3});
  check_layer<EinsumDense>({.equation = "abc,cde->abde", .input_shape = {0, 3}, .output_shape = {0, 2, 2}, .bias_axes = "d"}, {2, 2, 3});
  EinsumDense right({.equation = "ab...,bc->ac...", .input_shape = {3, 0, 0}, .output_shape = {4}, .bias_axes = "c", .dtype = "float64"});
  randomize(right);
  const Tensor x = random_input({2, 3, 2, 2});
  check_gradients(right, [&] { return right(x); }, {x});
  BOOST_TEST((right(x).shape() == Shape{2, 4, 2, 2}));
  BOOST_TEST((right.bias().shape() == Shape{4, 1, 1}));  // Keras' shape
}

BOOST_AUTO_TEST_CASE(einsum_dense_refuses_what_it_cannot_mean) {
  const auto refuses = [](const EinsumDense::Config& config, const std::string& text) { check_refuses([=] { EinsumDense layer(config); }, text); };
  refuses({.equation = "ab,bc"}, "EinsumDense: equation must have the form ab,bc->ac, got 'ab,bc'");
  refuses({.equation = "...b,bc->c..."}, "EinsumDense: equation must have the form ab,bc->ac, ...b,bc->...c or ab...,bc->ac..., got '...b,bc->c...'");
  refuses({.equation = "ab,bc->ac", .input_shape = {2, 3}, .output_shape = {4}},
          "EinsumDense: input_shape must have an extent for each of 'b', got (2, 3)");
  refuses({.equation = "ab,bc->ac", .input_shape = {-1}, .output_shape = {4}}, "EinsumDense: input_shape must not be negative, got (-1)");
  refuses({.equation = "abc,bcd->abd", .input_shape = {2, 3}, .output_shape = {4, 5}},
          "EinsumDense: input_shape and output_shape must agree about 'b', got 2 and 4");
  refuses({.equation = "ab,bc->ac", .input_shape = {0}, .output_shape = {4}},
          "EinsumDense: input_shape or output_shape must give the extent of 'b', got (0) and (4)");
  refuses({.equation = "ab,bc->ac", .input_shape = {3}, .output_shape = {4}, .bias_axes = "b"},
          "EinsumDense: bias_axes must be of the result 'ac', got 'b'");
  refuses({.equation = "ab,bc->ac", .input_shape = {3}, .output_shape = {4}, .bias_axes = "a"},
          "EinsumDense: output_shape must give the extent of 'a', got (4)");
  refuses({.equation = "ab...,bc->ac...", .input_shape = {3}, .output_shape = {4}},
          "EinsumDense: input_shape must have an extent (or 0) for each axis at the dots too, got (3)");
  const EinsumDense layer({.equation = "abc,cd->abd", .input_shape = {0, 3}, .output_shape = {0, 4}});
  check_refuses([&] { layer.forward(Tensor::zeros({2, 3})); }, "EinsumDense: input must have 3 axes (abc,cd->abd), got (2, 3)");
  check_refuses([&] { layer.forward(Tensor::zeros({2, 2, 4})); }, "EinsumDense: the input's last axes must be (3), got (2, 2, 4)");
  const EinsumDense transposed({.equation = "ab,cb->ac", .input_shape = {3}, .output_shape = {4}});
  check_refuses(
      [&] {
        transposed.forward_rows(Tensor::zeros({2, 3}));
      },
      "EinsumDense: only an equation that contracts the last axes with the kernel's first has rows, got 'ab,cb->ac'");
}

BOOST_AUTO_TEST_CASE(activation_is_a_well_behaved_layer) {
  check_layer<linnet::layers::Activation>({.activation = "mish"}, {2, 3});
  check_layer<linnet::layers::Activation>({.activation = "log_softmax"}, {2, 3});
  BOOST_TEST(linnet::layers::Activation({}).class_name() == "Activation");
  BOOST_TEST(activation_from_name("swish") == Activation::silu);
  BOOST_TEST(activation_from_name("hard_swish") == Activation::hard_silu);
}

BOOST_AUTO_TEST_CASE(layer_normalization_is_a_well_behaved_layer) {
  check_layer<LayerNormalization>({.dim = 4, .epsilon = 1e-12}, {3, 4});
  check_layer<LayerNormalization>({.dim = 3, .center = false, .scale = false}, {2, 3});
  check_layer<LayerNormalization>({.axis = {-2, -1}, .shape = {2, 3}, .scale = false}, {2, 2, 3});
  check_layer<LayerNormalization>({.axis = {1}, .shape = {3}}, {2, 3, 2});
  check_layer<RMSNormalization>({.dim = 4}, {3, 4});
  check_layer<RMSNormalization>({.axis = {0, 2}, .shape = {2, 3}}, {2, 2, 3});
}

BOOST_AUTO_TEST_CASE(normalisations_refuse_axes_that_do_not_fit) {
  check_refuses([] { LayerNormalization({.dim = 0}); }, "LayerNormalization: dim must be positive, got 0");
  check_refuses([] { LayerNormalization({.dim = 2, .shape = {2}}); }, "LayerNormalization: shape must go with axis, got (2) without");
  check_refuses([] { LayerNormalization({.dim = 2, .axis = {1}, .shape = {2}}); },
                "LayerNormalization: dim must be 0 where axis is given, got 2 (the extents are shape)");
  check_refuses(
      [] {
        RMSNormalization({.axis = {0, 1}, .shape = {2}});
      },
      "RMSNormalization: shape must have a positive extent for each axis (0, 1), got (2)");
  check_refuses([] { RMSNormalization({.dim = 2, .epsilon = -1}); }, "RMSNormalization: epsilon must not be negative, got -1");
  const LayerNormalization layer({.axis = {-2, 2}, .shape = {3, 4}});
  check_refuses([&] { layer.forward(Tensor::zeros({3, 4})); }, "LayerNormalization: axis must lie in [-2, 2), got 2 (input (3, 4))");
  check_refuses(
      [&] {
        layer.forward(Tensor::zeros({2, 2, 4}));
      },
      "LayerNormalization: input must have 3 elements along axis -2, got 2 (input (2, 2, 4))");
  check_refuses([&] { layer.forward(Tensor::zeros({3, 4, 4, 4})); }, "LayerNormalization: input must have 3 elements along axis -2, got 4");
  check_refuses(
      [&] {
        LayerNormalization({.axis = {2, -2}, .shape = {4, 3}}).forward(Tensor::zeros({2, 3, 4}));
      },
      "LayerNormalization: axis must ascend, got (2, -2) (input (2, 3, 4))");
  const Tensor x = Tensor::zeros({2, 3, 4});
  check_refuses([&] { layer.forward_residual(x, x, 0, nullptr); },
                "LayerNormalization: forward_residual must normalise over the last axis, got axis (-2, 2)");
}

BOOST_AUTO_TEST_CASE(softmax_and_dropout_are_well_behaved_layers) {
  check_layer<Softmax>({}, {3, 4});
  check_layer<Softmax>({.axis = 0}, {3, 2, 2});
  const Tensor x = random_input({2, 3, 2}), mask = Tensor::from<std::int32_t>({1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1}, {2, 3, 2});
  const Softmax middle({.axis = 1});
  check_gradients(middle, [&] { return middle.forward(x, mask); }, {x});
  const std::vector<double> masked = middle.forward(x, mask).to_vector();
  BOOST_TEST(masked[1] == 0);
  BOOST_TEST(masked[6] == 0);
  BOOST_TEST(masked[7] + masked[9] + masked[11] == 1, boost::test_tools::tolerance(1e-12));
  check_refuses([&] { Softmax({.axis = 3}).forward(x); }, "Softmax: axis must lie in [-3, 3), got 3 (input (2, 3, 2))");
  check_refuses([&] { middle.forward(x, Tensor::zeros({2, 3}, DType::int32)); }, "Softmax: mask must have the input's shape (2, 3, 2), got (2, 3)");
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

BOOST_AUTO_TEST_CASE(sine_position_encoding_knows_the_place_alone) {
  const SinePositionEncoding layer({.output_dim = 4, .max_wavelength = 100, .dtype = "float64"});
  const SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{1, 2});
  const std::vector<double> rows = layer.forward(layout, 2).to_vector();
  const double tenth = 0.1;  // 100^(-2 / 4)
  const std::vector<double> expected{std::sin(2.0), std::cos(2.0), std::sin(2 * tenth), std::cos(2 * tenth),
                                     std::sin(2.0), std::cos(2.0), std::sin(2 * tenth), std::cos(2 * tenth),
                                     std::sin(3.0), std::cos(3.0), std::sin(3 * tenth), std::cos(3 * tenth)};
  BOOST_TEST(rows == expected, boost::test_tools::tolerance(1e-14) << boost::test_tools::per_element());
  check_json_round_trip(layer);
  check_refuses([] { SinePositionEncoding({}); }, "SinePositionEncoding: output_dim must be positive, got 0");
  check_refuses([] { SinePositionEncoding({.output_dim = 2, .max_wavelength = 0}); }, "SinePositionEncoding: max_wavelength must be positive, got 0");
}

BOOST_AUTO_TEST_CASE(token_and_position_embedding_is_the_sum_of_both) {
  TokenAndPositionEmbedding layer({.vocabulary_size = 5, .sequence_length = 4, .embedding_dim = 2, .tie_weights = false, .dtype = "float64"});
  randomize(layer);
  const Tensor ids = Tensor::from<std::int32_t>({4, 0, 4}, {3});
  const SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{2, 1});
  check_gradients(layer, [&] { return layer.forward(ids, layout, 1); }, {});
  check_json_round_trip(layer);
  const std::vector<double> tokens = layer.token_embedding().embeddings().to_vector(), places = layer.position_embedding().embeddings().to_vector();
  const std::vector<double> row = layer.forward(ids, layout, 1).slice_rows(2, 3).to_vector();
  BOOST_TEST(row[0] == tokens[8] + places[2]);
  check_refuses([&] { layer.forward(ids.reshape({1, 3}), layout); }, "TokenAndPositionEmbedding: ids must have one element a token (3), got (1, 3)");
}

BOOST_AUTO_TEST_CASE(global_average_pooling_takes_what_the_mask_keeps) {
  check_layer<GlobalAveragePooling1D>({}, {2, 3, 2});
  check_layer<GlobalAveragePooling1D>({.keepdims = true}, {2, 3, 2});
  const GlobalAveragePooling1D layer({});
  const Tensor x = Tensor::from<double>({1, 2, 3, 4, 5, 6}, {2, 3, 1});
  const std::vector<double> expected{2, 0};
  BOOST_TEST(layer.forward(x, Tensor::from<std::int32_t>({1, 0, 1, 0, 0, 0}, {2, 3})).to_vector() == expected, boost::test_tools::per_element());
  BOOST_TEST((GlobalAveragePooling1D({.keepdims = true}).forward(x).shape() == Shape{2, 1, 1}));
  check_refuses([&] { layer.forward(Tensor::zeros({2, 3})); }, "GlobalAveragePooling1D: input must have shape (batch, length, columns), got (2, 3)");
  check_refuses([&] { layer.forward(x, Tensor::zeros({2}, DType::int32)); }, "GlobalAveragePooling1D: mask must have shape (2, 3), got (2)");
}

BOOST_AUTO_TEST_CASE(masked_lm_head_scores_every_token_tied_and_untied) {
  const MaskedLMHead::Config config{
      .vocabulary_size = 5, .hidden_dim = 3, .intermediate_activation = "gelu", .activation = "tanh", .dtype = "float64"};
  ReversibleEmbedding table({.input_dim = 5, .output_dim = 3, .dtype = "float64"});
  randomize(table);
  MaskedLMHead tied(config, table), untied(config);
  const Tensor x = random_input({2, 4, 3}), positions = Tensor::from<std::int32_t>({3, 0, 2, 2}, {2, 2});
  for (MaskedLMHead* head : {&tied, &untied}) {
    randomize(*head);
    check_gradients(*head, [&] { return head->forward(x, positions); }, {x, table.embeddings()});
  }
  check_json_round_trip(untied);
  std::vector<std::string> paths;
  for (const Parameter& parameter : untied.parameters()) paths.push_back(parameter.path);
  const std::vector<std::string> expected{"output_kernel",
                                          "output_bias",
                                          "intermediate_dense/kernel",
                                          "intermediate_dense/bias",
                                          "intermediate_layer_norm/gamma",
                                          "intermediate_layer_norm/beta"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
  BOOST_TEST(tied.parameters().size() == expected.size() - 1);
  check_refuses([&] { tied.forward(x, Tensor::from<std::int32_t>({0, 4}, {2, 1})); }, "mask_positions: must lie in [0, 4), got 4 at position 1");
  check_refuses([&] { tied.forward(x, Tensor::from<std::int32_t>({0}, {1, 1})); }, "mask_positions: must have shape (2, masked), got (1, 1)");
  check_refuses([&] { tied.forward(random_input({2, 3}), positions); }, "MaskedLMHead: input must have shape (batch, length, 3), got (2, 3)");
  check_refuses([&] { MaskedLMHead({.vocabulary_size = 6, .hidden_dim = 3}, table); },
                "MaskedLMHead: token_embedding must have shape (6, 3), got (5, 3)");
  check_refuses([&] { MaskedLMHead({.hidden_dim = 3}, table); }, "MaskedLMHead: vocabulary_size must be positive, got 0");
  check_refuses([&] { MaskedLMHead({.vocabulary_size = 6}); }, "MaskedLMHead: hidden_dim must be positive, got 0");
}

BOOST_AUTO_TEST_CASE(multi_head_attention_takes_masks_of_every_form) {
  MultiHeadAttention layer({.num_heads = 2, .key_dim = 2, .query_dim = 4, .input_dim = 3, .key_input_dim = 2, .dtype = "float64"});
  randomize(layer);
  const SequenceLayout queries = SequenceLayout::ragged(std::vector<std::int32_t>{2, 2}),
                       keys = SequenceLayout::ragged(std::vector<std::int32_t>{3, 3});
  MultiHeadAttention::Inputs inputs{
      .query = random_input({4, 4}), .queries = queries, .value = random_input({6, 3}), .values = keys, .key = random_input({6, 2})};
  const std::vector<Tensor> leaves{inputs.query, inputs.value, inputs.key};
  check_gradients(
      layer, [&] { return layer.forward(inputs); }, leaves);
  check_json_round_trip(layer);
  const auto mask = [](const std::vector<std::int32_t>& values, const Shape& shape) { return Tensor::from(values, shape); };
  // One row of keys for all queries, as a mask of rank 3, of rank 4, and written out.
  const std::vector<std::int32_t> row{1, 0, 1, 1, 1, 0}, all{1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0};
  inputs.masks.attention = mask(all, {2, 2, 3});
  const std::vector<double> expected = layer.forward(inputs).to_vector();
  for (const Shape& shape : {Shape{2, 1, 3}, Shape{2, 1, 1, 3}}) {
    inputs.masks.attention = mask(row, shape);
    BOOST_TEST(layer.forward(inputs).to_vector() == expected, boost::test_tools::per_element());
  }
  // A query that is masked itself sees nothing: with scores, zeros.
  inputs.masks.queries = mask({1, 1, 0, 1}, {2, 2});
  const std::vector<double> scores = layer.forward_with_scores(inputs).scores.to_vector();  // (2, 2, 2, 3)
  BOOST_TEST(scores[0] + scores[1] + scores[2] == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(scores[12] + scores[13] + scores[14] == 0);
  check_gradients(
      layer, [&] { return layer.forward_with_scores(inputs).output; }, leaves);
  inputs.masks.queries = mask({1, 1}, {2, 1});
  check_refuses([&] { layer.forward(inputs); }, "MultiHeadAttention: query mask must have shape (2, 2), got (2, 1)");
  inputs.masks.attention = mask(row, {2, 3});
  check_refuses([&] { layer.forward(inputs); }, "MultiHeadAttention: attention mask must stretch to (2, 2, 3), got (2, 3)");
  inputs.masks.attention = mask(all, {1, 4, 1, 3});
  check_refuses([&] { layer.forward(inputs); }, "MultiHeadAttention: attention mask must stretch to (2, 2, 2, 3), got (1, 4, 1, 3)");
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
    const SequenceLayout even = SequenceLayout::ragged(std::vector<std::int32_t>{3});
    check_gradients(layer, [&] { return layer.forward_with_scores(x, even).output; }, {x});
    check_json_round_trip(layer);
  }
}

BOOST_AUTO_TEST_CASE(wrong_configs_are_refused_with_field_rule_and_value) {
  check_refuses([] { Dense({.input_dim = 0, .units = 3}); }, "Dense: input_dim must be positive, got 0");
  check_refuses([] { Dense({.input_dim = 2, .units = 3, .activation = "gulu"}); }, "got 'gulu'");
  check_refuses([] { Dropout({.rate = 1.5}); }, "Dropout: rate must lie in [0, 1], got 1.5");
  check_refuses([] { TransformerEncoder({.hidden_dim = 4, .intermediate_dim = 8, .num_heads = 5}); },
                "TransformerEncoder: num_heads must be 1 to hidden_dim 4, got 5");
  check_refuses([] { TransformerEncoder({.hidden_dim = 0, .intermediate_dim = 8, .num_heads = 1}); },
                "TransformerEncoder: hidden_dim must be positive, got 0");
  check_refuses([] { TransformerEncoder({.hidden_dim = 4, .intermediate_dim = -8, .num_heads = 1}); },
                "TransformerEncoder: intermediate_dim must be positive, got -8");
  check_refuses([] { Embedding({.input_dim = 0, .output_dim = 2}); }, "Embedding: input_dim must be positive, got 0");
  check_refuses([] { Embedding({.input_dim = 3, .output_dim = 0}); }, "Embedding: output_dim must be positive, got 0");
  check_refuses([] { ReversibleEmbedding({.input_dim = 0, .output_dim = 2}); }, "ReversibleEmbedding: input_dim must be positive, got 0");
  check_refuses([] { ReversibleEmbedding({.input_dim = 3, .output_dim = 0}); }, "ReversibleEmbedding: output_dim must be positive, got 0");
  check_refuses([] { ReversibleEmbedding({.input_dim = 3, .output_dim = 2, .logit_soft_cap = 0.0}); },
                "ReversibleEmbedding: logit_soft_cap must be positive, got 0");
  check_refuses([] { PositionEmbedding({.sequence_length = 0, .output_dim = 2}); }, "PositionEmbedding: sequence_length must be positive, got 0");
  check_refuses([] { PositionEmbedding({.sequence_length = 3, .output_dim = 0}); }, "PositionEmbedding: output_dim must be positive, got 0");
  check_refuses([] { MultiHeadAttention({.num_heads = 0, .key_dim = 2, .query_dim = 4}); }, "MultiHeadAttention: num_heads must be positive, got 0");
  check_refuses([] { MultiHeadAttention({.num_heads = 2, .key_dim = 0, .query_dim = 4}); }, "MultiHeadAttention: key_dim must be positive, got 0");
  check_refuses([] { MultiHeadAttention({.num_heads = 2, .key_dim = 2, .query_dim = 0}); }, "MultiHeadAttention: query_dim must be positive, got 0");
  check_refuses([] { LayerNormalization({.dim = 2, .epsilon = -1}); }, "LayerNormalization: epsilon must not be negative, got -1");
  check_refuses([] { layer_from_json(R"({"class_name": "Dense", "config": {"unit": 3}})"); }, "Dense: unknown config key 'unit'; known keys: ");
  check_refuses([] { layer_from_json(R"({"class_name": "Dens", "config": {}})"); }, "the class must be registered, got 'Dens'");
  check_refuses([] { layer_from_json(R"({"class_name": "Dense", "config": {"units": "3"}})"); }, "Dense: units must be an integer, got \"3\"");
}

BOOST_AUTO_TEST_SUITE_END()
