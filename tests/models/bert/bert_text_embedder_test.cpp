#include "models/bert/bert_text_embedder.h"

#include <cmath>

#include "tests/support/check_layer.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

BertTextEmbedder::Config config(const std::string& pooling_mode, bool normalize) {
  return {.backbone = {.vocabulary_size = 7,
                       .num_layers = 1,
                       .num_heads = 2,
                       .hidden_dim = 4,
                       .intermediate_dim = 5,
                       .dropout = 0,
                       .max_sequence_length = 6,
                       .dtype = "float64"},
          .pooling_mode = pooling_mode,
          .normalize = normalize};
}

Tensor ids(const std::vector<std::int32_t>& values, const Shape& shape) { return Tensor::from(values, shape); }

const BertInputs kPadded{ids({1, 2, 3, 4, 5, 0}, {2, 3}), ids({0, 1, 1, 0, 0, 0}, {2, 3}), ids({1, 1, 1, 1, 1, 0}, {2, 3})};
const PackedTokens kPacked{ids({1, 2, 3, 4, 5}, {5}), ids({0, 1, 1, 0, 0}, {5}), SequenceLayout::ragged(std::vector<std::int32_t>{3, 2})};

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_text_embedder)

BOOST_AUTO_TEST_CASE(every_pooling_gives_the_same_packed_and_padded_and_has_right_gradients) {
  for (const std::string mode : {"mean", "cls", "max"})
    for (const bool normalize : {true, false}) {
      BertTextEmbedder model(config(mode, normalize));
      randomize(model);
      const std::vector<double> packed = model.forward(kPacked).to_vector();
      BOOST_TEST(packed == model.forward(kPadded).to_vector(), boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
      const double length = std::sqrt(packed[0] * packed[0] + packed[1] * packed[1] + packed[2] * packed[2] + packed[3] * packed[3]);
      BOOST_TEST((std::abs(length - 1) < 1e-12) == normalize);
      std::vector<Tensor> weights;
      for (const Parameter& parameter : model.parameters()) weights.push_back(parameter.tensor);
      BOOST_CHECK_NO_THROW(gradcheck_direction(
          "BertTextEmbedder", [&] { return model.forward(kPacked); }, weights));
      check_json_round_trip(model);
    }
}

BOOST_AUTO_TEST_CASE(similarity_of_normalized_embeddings_is_their_cosine) {
  BertTextEmbedder model(config("mean", true));
  randomize(model);
  const Tensor embeddings = model.forward(kPacked);
  const std::vector<double> scores = BertTextEmbedder::similarity(embeddings, embeddings).to_vector();
  BOOST_TEST(scores[0] == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(scores[3] == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(scores[1] == scores[2], boost::test_tools::tolerance(1e-12));
  check_refuses(
      [&] {
        BertTextEmbedder::similarity(embeddings, Tensor::zeros({2, 3}, DType::float64));
      },
      "the extents of 'h' must agree, got 4 and 3");
}

BOOST_AUTO_TEST_CASE(an_unknown_pooling_is_refused) {
  check_refuses([] { BertTextEmbedder model(config("sum", true)); }, "BertTextEmbedder: pooling_mode must be mean, cls or max, got 'sum'");
}

BOOST_AUTO_TEST_SUITE_END()
