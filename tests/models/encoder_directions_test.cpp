#include <map>

#include "framework/layers/transformer_encoder.h"
#include "models/bert/bert_backbone.h"
#include "tests/support/check_layer.h"

// Whole encoders against central differences along a random direction in the space of all weights and inputs.

using namespace linnet;
using namespace linnet::testing;

namespace {

/// 1e-7 of the derivative, and nothing besides. The step is large for the sake of rounding; its fourth power is small enough.
constexpr GradcheckOptions kStrict{.epsilon = 1e-5, .atol = 0, .rtol = 1e-7};

constexpr std::int64_t kBatch = 3, kLength = 7, kHidden = 32;

/// 0 or 1, a third of them 0.
std::int32_t random_bit(std::uint32_t i, std::uint32_t j) { return philox(23, i, j, 0, 0).words[0] % 3 != 0; }

Tensor mask(const Shape& shape, const std::function<bool(std::int64_t row, std::int64_t position)>& shown) {
  std::vector<std::int32_t> values;
  for (std::int64_t i = 0; i < element_count(shape); ++i) values.push_back(shown(i / shape.back(), i % shape.back()));
  return Tensor::from(values, shape);
}

/// Every form of padding mask: all shown, left aligned, right aligned, with holes, and a sequence that is nothing but padding.
std::map<std::string, Tensor> padding_masks() {
  const Shape shape{kBatch, kLength};
  return {{"full", mask(shape, [](auto, auto) { return true; })},
          {"prefix", mask(shape, [](auto row, auto j) { return j < 3 + 2 * row; })},
          {"suffix", mask(shape, [](auto row, auto j) { return j >= 2 * row; })},
          {"holes", mask(shape, [](auto row, auto j) { return random_bit(static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(j)) != 0; })},
          {"an empty row", mask(shape, [](auto row, auto) { return row != 1; })}};
}

void check_direction(const std::string& name, const Layer& layer, std::vector<Tensor> inputs, const std::function<Tensor()>& f) {
  for (const Parameter& parameter : layer.parameters()) inputs.push_back(parameter.tensor);
  try {
    gradcheck_direction(name, f, inputs, kStrict);
  } catch (const std::runtime_error& error) {
    BOOST_ERROR(error.what());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoder_directions)

BOOST_AUTO_TEST_CASE(transformer_encoders_before_and_after_norm_under_every_mask) {
  const Tensor attention_mask = mask({kBatch, kLength, kLength}, [](auto row, auto key) {
    return random_bit(100 + static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(key)) != 0;
  });
  for (const bool first : {false, true})
    for (const double dropout : {0.0, 0.2}) {
      TransformerEncoder layer({.hidden_dim = kHidden,
                                .intermediate_dim = 48,
                                .num_heads = 4,
                                .dropout = dropout,
                                .activation = "gelu",
                                .normalize_first = first,
                                .dtype = "float64"});
      randomize(layer);
      const Tensor x = random_input({kBatch * kLength, kHidden});
      const std::string kind = cat(first ? "norm first" : "norm last", ", dropout ", dropout, ", ");
      for (const auto& [name, padding] : padding_masks()) {
        const SequenceLayout layout = SequenceLayout::padded(kBatch, kLength, padding);
        check_direction(kind + name, layer, {x}, [&] { return layer.forward(x, layout); });
        check_direction(kind + name + " and attention mask", layer, {x}, [&] { return layer.forward(x, layout, attention_mask); });
        check_direction(kind + name + ", scores", layer, {x}, [&] { return layer.forward_with_scores(x, layout).scores; });
      }
      const SequenceLayout ragged = SequenceLayout::ragged(std::vector<std::int32_t>{9, 1, 11});
      check_direction(kind + "ragged", layer, {x}, [&] { return layer.forward(x, ragged); });
      check_direction(kind + "first rows", layer, {x}, [&] { return layer.forward_first_rows(x, ragged); });
    }
}

BOOST_AUTO_TEST_CASE(bert_backbones_of_two_layers_packed_and_under_every_mask) {
  for (const double dropout : {0.0, 0.1}) {
    BertBackbone model({.vocabulary_size = 50,
                        .num_layers = 2,
                        .num_heads = 4,
                        .hidden_dim = kHidden,
                        .intermediate_dim = 64,
                        .dropout = dropout,
                        .max_sequence_length = 16,
                        .dtype = "float64"});
    randomize(model);
    const auto ids = [](const Shape& shape, std::uint32_t below) {
      std::vector<std::int32_t> values;
      for (std::uint32_t i = 0; i < element_count(shape); ++i)
        values.push_back(static_cast<std::int32_t>(philox(24, i, below, 0, 0).words[0] % below));
      return Tensor::from(values, shape);
    };
    for (const auto& [name, padding] : padding_masks()) {
      const BertInputs inputs{ids({kBatch, kLength}, 50), ids({kBatch, kLength}, 2), padding};
      check_direction(name + ", sequence_output", model, {}, [&] { return model.forward(inputs).sequence_output; });
      check_direction(name + ", pooled_output", model, {}, [&] { return model.forward(inputs).pooled_output; });
    }
    const std::vector<std::int32_t> lengths{9, 1, 11};
    const PackedTokens tokens{ids({21}, 50), ids({21}, 2), SequenceLayout::ragged(lengths)};
    check_direction("packed, sequence_output", model, {}, [&] { return model.forward(tokens).sequence_output; });
    check_direction("packed, pooled_output alone", model, {}, [&] { return model.pooled_output(tokens); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
