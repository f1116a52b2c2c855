#include "models/bert/bert_text_classifier_preprocessor.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/json.h"
#include "models/bert/bert_text_embedder_preprocessor.h"
#include "tests/support/throws.h"

using linnet::BertTextClassifierPreprocessor;
using linnet::BertTextEmbedderPreprocessor;
using linnet::BertTokenizer;
using linnet::PaddedTokens;
using linnet::Shape;
using linnet::TokenizedText;
using linnet::Vocabulary;
using linnet::testing::says;
using Ids = std::vector<std::int32_t>;

namespace {

/// The padding id is not 0, as no id of BERT's need be anything.
std::shared_ptr<const BertTokenizer> tokenizer() {
  BertTokenizer::Config config;
  config.special_tokens_in_strings = true;
  return std::make_shared<BertTokenizer>(Vocabulary({"a", "b", "c", "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"}), config);
}

void check_equal(const linnet::Tensor& actual, const Ids& expected) {
  const auto values = actual.data<std::int32_t>();
  BOOST_TEST(Ids(values.begin(), values.end()) == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_text_classifier_preprocessor)

BOOST_AUTO_TEST_CASE(segments_become_one_sequence_without_padding) {
  const BertTextClassifierPreprocessor preprocessor(tokenizer(), {});
  const std::vector<std::string_view> pair{"a b", "c"};
  BOOST_TEST((preprocessor.preprocess(pair) == TokenizedText{{4, 0, 1, 5, 2, 5}, {0, 0, 0, 0, 1, 1}}));
  BOOST_TEST((preprocessor.preprocess("") == TokenizedText{{4, 5}, {0, 0}}));
}

BOOST_AUTO_TEST_CASE(sequence_length_and_truncate_are_obeyed) {
  const std::vector<std::string_view> pair{"a a a", "b b b"};
  BOOST_TEST((BertTextClassifierPreprocessor(tokenizer(), {6, "round_robin"}).preprocess(pair).token_ids == Ids{4, 0, 0, 5, 1, 5}));
  BOOST_TEST((BertTextClassifierPreprocessor(tokenizer(), {6, "waterfall"}).preprocess(pair).token_ids == Ids{4, 0, 0, 0, 5, 5}));
}

BOOST_AUTO_TEST_CASE(a_batch_is_filled_with_the_padding_id) {
  const BertTextClassifierPreprocessor preprocessor(tokenizer(), {5, "round_robin"});
  const std::vector<std::vector<std::string>> examples{{"a"}, {"b", "c"}, {"a [PAD]"}};
  const PaddedTokens batch = preprocessor.preprocess_batch(examples);
  BOOST_TEST(batch.token_ids.shape() == (Shape{3, 5}));
  check_equal(batch.token_ids, {4, 0, 5, 6, 6, 4, 1, 5, 2, 5, 4, 0, 6, 5, 6});
  check_equal(batch.segment_ids, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0});
  check_equal(batch.padding_mask, {1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0});
  BOOST_TEST(preprocessor.preprocess_batch({}).token_ids.shape() == (Shape{0, 5}));
}

BOOST_AUTO_TEST_CASE(special_tokens_beyond_the_length_make_the_batch_longer) {
  const std::vector<std::vector<std::string>> examples{{"a"}};
  check_equal(BertTextClassifierPreprocessor(tokenizer(), {1, "waterfall"}).preprocess_batch(examples).token_ids, {4, 5});
}

BOOST_AUTO_TEST_CASE(mistakes_throw) {
  BOOST_CHECK_EXCEPTION(BertTextClassifierPreprocessor(nullptr, {}), std::invalid_argument,
                        says("BertTextClassifierPreprocessor: there must be a tokenizer, got none"));
  BOOST_CHECK_EXCEPTION(BertTextClassifierPreprocessor(tokenizer(), {8, "left"}), std::invalid_argument,
                        says("MultiSegmentPacker: truncate must be round_robin or waterfall, got left"));
  const BertTextClassifierPreprocessor preprocessor(tokenizer(), {});
  BOOST_CHECK_EXCEPTION(preprocessor.preprocess("a\xC3"), std::invalid_argument,
                        says("WordPieceTokenizer: text must be UTF-8, got byte 0xC3 at offset 1"));
  BOOST_CHECK_EXCEPTION(preprocessor.preprocess(std::vector<std::string_view>{}), std::invalid_argument,
                        says("MultiSegmentPacker: there must be at least one segment, got 0"));
}

BOOST_AUTO_TEST_CASE(the_embedder_s_differs_in_its_default_length) {
  const std::vector<std::vector<std::string>> examples{{"a"}};
  BOOST_TEST(BertTextClassifierPreprocessor(tokenizer(), {}).preprocess_batch(examples).token_ids.dim(1) == 512);
  BOOST_TEST(BertTextEmbedderPreprocessor(tokenizer(), {}).preprocess_batch(examples).token_ids.dim(1) == 256);
  BOOST_TEST(BertTextEmbedderPreprocessor(tokenizer(), {7, "waterfall"}).preprocess_batch(examples).token_ids.dim(1) == 7);
}

BOOST_AUTO_TEST_CASE(a_config_is_its_json) {
  const std::string json = R"({"sequence_length":7,"truncate":"waterfall"})";
  const auto without_spaces = [](std::string text) {
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }), text.end());
    return text;
  };
  BOOST_TEST(without_spaces(linnet::to_json(linnet::from_json<BertTextClassifierPreprocessor::Config>(json, "config"))) == json);
  BOOST_TEST(without_spaces(linnet::to_json(linnet::from_json<BertTextEmbedderPreprocessor::Config>(json, "config"))) == json);
}

BOOST_AUTO_TEST_SUITE_END()
