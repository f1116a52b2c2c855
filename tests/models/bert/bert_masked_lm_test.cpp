#include "models/bert/bert_masked_lm.h"

#include "framework/ops/cross_entropy.h"
#include "tests/support/check_layer.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

BertMaskedLM::Config config(double dropout = 0) {
  return {.backbone = {.vocabulary_size = 7,
                       .num_layers = 2,
                       .num_heads = 2,
                       .hidden_dim = 4,
                       .intermediate_dim = 5,
                       .dropout = dropout,
                       .max_sequence_length = 6,
                       .dtype = "float64"}};
}

Tensor ids(const std::vector<std::int32_t>& values, const Shape& shape) { return Tensor::from(values, shape); }

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_masked_lm)

BOOST_AUTO_TEST_CASE(packed_logits_are_those_of_the_padded_batch) {
  BertMaskedLM model(config());
  randomize(model);
  const BertInputs inputs{ids({1, 2, 3, 4, 5, 0}, {2, 3}), ids({0, 1, 1, 0, 0, 0}, {2, 3}), ids({1, 1, 1, 1, 1, 0}, {2, 3})};
  const Tensor padded = model.forward(inputs, ids({2, 0, 1, 1}, {2, 2}));
  BOOST_TEST((padded.shape() == Shape{2, 2, 7}));
  const PackedTokens tokens{ids({1, 2, 3, 4, 5}, {5}), ids({0, 1, 1, 0, 0}, {5}), SequenceLayout::ragged(std::vector<std::int32_t>{3, 2})};
  const Tensor packed = model.forward(tokens, ids({2, 0, 4, 4}, {4}));
  BOOST_TEST(packed.to_vector() == padded.to_vector(), boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gradients_reach_the_shared_embedding_from_both_of_its_ends) {
  BertMaskedLM model(config(0.2));
  randomize(model);
  const PackedTokens tokens{ids({1, 2, 3, 4, 5}, {5}), ids({0, 1, 1, 0, 0}, {5}), SequenceLayout::ragged(std::vector<std::int32_t>{3, 2})};
  std::vector<Tensor> weights;
  for (const Parameter& parameter : model.parameters()) weights.push_back(parameter.tensor);
  const auto loss = [&] { return ops::cross_entropy(model.forward(tokens, ids({2, 0, 4}, {3})), ids({6, 1, 0}, {3})); };
  BOOST_CHECK_NO_THROW(gradcheck_direction("BertMaskedLM", loss, weights));
}

BOOST_AUTO_TEST_CASE(the_head_shares_the_table_and_its_weights_follow_the_backbones) {
  const BertMaskedLM model(config());
  std::vector<std::string> paths;
  for (const Parameter& parameter : model.parameters()) paths.push_back(parameter.path);
  const std::vector<std::string> expected{"pooled_dense/bias",
                                          "mlm_head/output_bias",
                                          "mlm_head/intermediate_dense/kernel",
                                          "mlm_head/intermediate_dense/bias",
                                          "mlm_head/intermediate_layer_norm/gamma",
                                          "mlm_head/intermediate_layer_norm/beta"};
  BOOST_REQUIRE(paths.size() > expected.size());
  BOOST_TEST(std::vector<std::string>(paths.end() - 6, paths.end()) == expected, boost::test_tools::per_element());
  check_json_round_trip(model);
}

BOOST_AUTO_TEST_CASE(positions_outside_of_the_sequence_are_refused) {
  const BertMaskedLM model(config());
  const BertInputs inputs{ids({1, 2}, {1, 2}), ids({0, 1}, {1, 2}), ids({1, 1}, {1, 2})};
  check_refuses([&] { model.forward(inputs, ids({0, 2}, {1, 2})); }, "mask_positions: must lie in [0, 2), got 2 at position 1");
  const PackedTokens tokens{ids({1, 2}, {2}), ids({0, 1}, {2}), SequenceLayout::ragged(std::vector<std::int32_t>{2})};
  check_refuses([&] { model.forward(tokens, ids({2}, {1})); }, "ids must lie in [0, 2), got 2 at position 0");
}

BOOST_AUTO_TEST_SUITE_END()
