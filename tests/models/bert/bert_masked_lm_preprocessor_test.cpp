#include "models/bert/bert_masked_lm_preprocessor.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/json.h"
#include "tests/support/throws.h"

using linnet::BertMaskedLMPreprocessor;
using linnet::BertTokenizer;
using linnet::DType;
using linnet::RandomStream;
using linnet::Shape;
using linnet::Vocabulary;
using Ids = std::vector<std::int32_t>;

namespace {

const RandomStream kStream{.seed = 9, .step = 0, .op = 0};

std::shared_ptr<const BertTokenizer> tokenizer() {
  return std::make_shared<BertTokenizer>(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"}));
}

Ids values(const linnet::Tensor& tensor) {
  const auto data = tensor.data<std::int32_t>();
  return {data.begin(), data.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_masked_lm_preprocessor)

BOOST_AUTO_TEST_CASE(special_tokens_stay_and_unknown_ones_are_masked) {
  BertMaskedLMPreprocessor::Config config;
  config.mask_selection_rate = config.mask_token_rate = 1;
  config.random_token_rate = 0;
  const std::vector<std::string_view> pair{"a zzz", "c"};
  const auto masked = BertMaskedLMPreprocessor(tokenizer(), config).preprocess(pair, kStream, 0);
  BOOST_TEST((masked.token_ids == Ids{2, 4, 4, 3, 4, 3}));
  BOOST_TEST((masked.segment_ids == Ids{0, 0, 0, 0, 1, 1}));
  BOOST_TEST((masked.mask_positions == Ids{1, 2, 4}));
  BOOST_TEST((masked.mask_ids == Ids{5, 1, 7}));
}

BOOST_AUTO_TEST_CASE(a_batch_is_its_examples_one_by_one) {
  BertMaskedLMPreprocessor::Config config;
  config.sequence_length = 12;
  config.mask_selection_rate = 0.5;
  config.mask_selection_length = 3;
  config.mask_token_rate = 0.3;
  config.random_token_rate = 0.6;
  const BertMaskedLMPreprocessor preprocessor(tokenizer(), config);
  const std::vector<std::vector<std::string>> examples{{"a b c a b c a b c"}, {"a"}, {"a b", "c"}};
  for (std::uint32_t step = 0; step < 50; ++step) {
    const RandomStream stream{.seed = 1, .step = step, .op = 0};
    const auto batch = preprocessor.preprocess_batch(examples, stream, 10);
    BOOST_TEST(batch.tokens.token_ids.shape() == (Shape{3, 12}));
    BOOST_TEST(batch.mask_positions.shape() == (Shape{3, 3}));
    BOOST_TEST((batch.mask_weights.dtype() == DType::float32));
    for (std::int64_t i = 0; i < 3; ++i) {
      const auto& example = examples[static_cast<std::size_t>(i)];
      const std::vector<std::string_view> segments(example.begin(), example.end());
      auto single = preprocessor.preprocess(segments, stream, 10 + i);
      Ids padding_mask(single.token_ids.size(), 1);
      std::vector<double> weights(single.mask_ids.size(), 1.0);
      for (Ids* row : {&single.token_ids, &single.segment_ids, &padding_mask}) row->resize(12, 0);
      for (Ids* row : {&single.mask_positions, &single.mask_ids}) row->resize(3, 0);
      weights.resize(3, 0);
      BOOST_TEST((values(batch.tokens.token_ids.slice_rows(i, i + 1)) == single.token_ids));
      BOOST_TEST((values(batch.tokens.segment_ids.slice_rows(i, i + 1)) == single.segment_ids));
      BOOST_TEST((values(batch.tokens.padding_mask.slice_rows(i, i + 1)) == padding_mask));  // though a random token may be [PAD]
      BOOST_TEST((values(batch.mask_positions.slice_rows(i, i + 1)) == single.mask_positions));
      BOOST_TEST((values(batch.mask_ids.slice_rows(i, i + 1)) == single.mask_ids));
      BOOST_TEST((batch.mask_weights.slice_rows(i, i + 1).to_vector() == weights));
    }
  }
}

BOOST_AUTO_TEST_CASE(packed_sequences_are_masked_as_their_texts_whatever_their_batch) {
  BertMaskedLMPreprocessor::Config config;
  config.mask_selection_rate = 0.5;
  const BertMaskedLMPreprocessor preprocessor(tokenizer(), config);
  const std::vector<std::string> texts{"a b c a b", "c", "b c a b c a b c"};
  for (std::uint32_t step = 0; step < 20; ++step) {
    const RandomStream stream{.seed = 9, .step = step, .op = 3};
    const std::vector<std::int64_t> rows{7, 2, 11};
    Ids ids, segments, lengths, expected_ids, expected_rows, expected_labels;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string_view text = texts[i];
      const auto plain = preprocessor.packing().preprocess(text);
      const auto masked = preprocessor.preprocess(std::span(&text, 1), stream, rows[i]);
      for (const std::int32_t position : masked.mask_positions) expected_rows.push_back(static_cast<std::int32_t>(ids.size()) + position);
      ids.insert(ids.end(), plain.token_ids.begin(), plain.token_ids.end());
      segments.insert(segments.end(), plain.segment_ids.begin(), plain.segment_ids.end());
      lengths.push_back(static_cast<std::int32_t>(plain.token_ids.size()));
      expected_ids.insert(expected_ids.end(), masked.token_ids.begin(), masked.token_ids.end());
      expected_labels.insert(expected_labels.end(), masked.mask_ids.begin(), masked.mask_ids.end());
    }
    const auto tokens = static_cast<std::int64_t>(ids.size());
    const linnet::PackedTokens packed{linnet::Tensor::from(ids, {tokens}), linnet::Tensor::from(segments, {tokens}),
                                      linnet::SequenceLayout::ragged(lengths)};
    const auto masked = preprocessor.mask(packed, rows, stream);
    BOOST_TEST((values(masked.tokens.token_ids) == expected_ids));
    BOOST_TEST((values(masked.tokens.segment_ids) == segments));
    BOOST_TEST((values(masked.mask_rows) == expected_rows));
    BOOST_TEST((values(masked.mask_ids) == expected_labels));
    BOOST_CHECK_EXCEPTION(preprocessor.mask(packed, std::span(rows).first(2), stream), std::invalid_argument,
                          linnet::testing::says("BertMaskedLMPreprocessor: rows must have one element a sequence (3), got 2"));
  }
}

BOOST_AUTO_TEST_CASE(rates_out_of_range_throw) {
  BertMaskedLMPreprocessor::Config config;
  config.mask_selection_rate = 2;
  BOOST_CHECK_EXCEPTION(BertMaskedLMPreprocessor(tokenizer(), config), std::invalid_argument,
                        linnet::testing::says("MaskedLMMaskGenerator: mask_selection_rate must be in [0, 1], got 2"));
}

BOOST_AUTO_TEST_CASE(a_config_is_its_json) {
  const std::string json =
      R"({"sequence_length":7,"truncate":"waterfall","mask_selection_rate":0.25,"mask_selection_length":5,"mask_token_rate":0.5,"random_token_rate":0.125})";
  const auto without_spaces = [](std::string text) {
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }), text.end());
    return text;
  };
  BOOST_TEST(without_spaces(linnet::to_json(linnet::from_json<BertMaskedLMPreprocessor::Config>(json, "config"))) == json);
}

BOOST_AUTO_TEST_SUITE_END()
