// KerasHub's BertMaskedLMPreprocessor at selection rates 0 and 1, where nothing is random: tokenizer/masked_lm.jsonl.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/bert/bert_masked_lm_preprocessor.h"
#include "tests/support/golden.h"

using linnet::BertMaskedLMPreprocessor;
using linnet::BertTokenizer;
using linnet::Tensor;
using linnet::Vocabulary;
using linnet::testing::fixtures;

BOOST_AUTO_TEST_SUITE(masked_lm_preprocessor)

BOOST_AUTO_TEST_CASE(masks_at_rates_without_chance_are_those_of_keras_hub) {
  if (!linnet::testing::have_fixture("tokenizer/masked_lm.jsonl")) return;
  std::map<std::string, std::shared_ptr<const BertTokenizer>> tokenizers;
  std::int64_t number = 0;
  for (const nlohmann::json& row : linnet::testing::read_json_lines(fixtures() / "tokenizer" / "masked_lm.jsonl")) {
    const std::string vocabulary = row.at("vocabulary");
    BertTokenizer::Config tokenizer_config;
    tokenizer_config.lowercase = row.value("lowercase", true);
    auto& tokenizer = tokenizers[vocabulary + (tokenizer_config.lowercase ? "+" : "-")];
    if (!tokenizer) tokenizer = std::make_shared<BertTokenizer>(Vocabulary::load(fixtures() / "vocab" / vocabulary), tokenizer_config);
    BertMaskedLMPreprocessor::Config config;
    config.sequence_length = row.at("sequence_length");
    config.mask_selection_rate = row.at("mask_selection_rate");
    config.mask_selection_length = row.at("mask_selection_length");
    config.mask_token_rate = row.at("mask_token_rate");
    config.random_token_rate = 0;
    const BertMaskedLMPreprocessor preprocessor(tokenizer, config);
    const std::vector<std::vector<std::string>> batch{{row.at("text").get<std::string>()}};
    const auto padded = preprocessor.preprocess_batch(batch, {.seed = 7, .step = 0, .op = 0}, number);
    const std::string what = "row " + std::to_string(number++) + " ";
    const auto compare = [&](const char* key, const Tensor& actual) {
      linnet::testing::golden_compare("tokenizer/masked_lm", what + key, row.at(key).get<std::vector<double>>(), actual.to_vector(), {});
    };
    compare("token_ids", padded.tokens.token_ids);
    compare("segment_ids", padded.tokens.segment_ids);
    compare("padding_mask", padded.tokens.padding_mask);
    compare("mask_positions", padded.mask_positions);
    compare("mask_ids", padded.mask_ids);
    compare("mask_weights", padded.mask_weights);
  }
  BOOST_TEST(number > 0);
}

BOOST_AUTO_TEST_SUITE_END()
