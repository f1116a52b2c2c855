// Packing of one to three segments by KerasHub's BertTextClassifierPreprocessor: tokenizer/preprocessor.jsonl.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/bert/bert_text_classifier_preprocessor.h"
#include "tests/support/golden.h"

using linnet::BertTextClassifierPreprocessor;
using linnet::BertTokenizer;
using linnet::Tensor;
using linnet::Vocabulary;
using linnet::testing::fixtures;
using linnet::testing::golden_equal;

BOOST_AUTO_TEST_SUITE(preprocessor)

BOOST_AUTO_TEST_CASE(ids_segments_and_masks_are_those_of_keras_hub) {
  if (!linnet::testing::have_fixture("tokenizer/preprocessor.jsonl")) return;
  std::map<std::string, std::shared_ptr<const BertTokenizer>> tokenizers;
  std::int64_t number = 0;
  for (const nlohmann::json& row : linnet::testing::read_json_lines(fixtures() / "tokenizer" / "preprocessor.jsonl")) {
    const std::string vocabulary = row.at("vocabulary"), truncate = row.at("truncate");
    BertTokenizer::Config tokenizer_config;
    tokenizer_config.lowercase = row.value("lowercase", true);
    auto& tokenizer = tokenizers[vocabulary + (tokenizer_config.lowercase ? "+" : "-")];
    if (!tokenizer) tokenizer = std::make_shared<BertTokenizer>(Vocabulary::load(fixtures() / "vocab" / vocabulary), tokenizer_config);
    const BertTextClassifierPreprocessor preprocessor(tokenizer, {row.at("sequence_length").get<std::int64_t>(), truncate});
    const std::vector<std::vector<std::string>> batch{row.at("segments").get<std::vector<std::string>>()};
    const auto padded = preprocessor.preprocess_batch(batch);
    const std::string what = "row " + std::to_string(number++) + " ", name = "tokenizer/preprocessor";
    const auto compare = [&](const char* key, const Tensor& actual) {
      golden_equal(name, what + key, row.at(key).get<std::vector<std::int32_t>>(), actual.data<std::int32_t>());
    };
    compare("token_ids", padded.token_ids);
    compare("segment_ids", padded.segment_ids);
    compare("padding_mask", padded.padding_mask);
  }
  BOOST_TEST(number > 0);
}

BOOST_AUTO_TEST_SUITE_END()
