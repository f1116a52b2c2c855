// KerasHub's BertTokenizer (Python workflow) on every recorded string, in every variant of tokenizer/differences.json.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/bert/bert_tokenizer.h"
#include "tests/support/golden.h"

using linnet::BertTokenizer;
using linnet::Vocabulary;
using linnet::testing::fixtures;
using linnet::testing::golden_equal;
using linnet::testing::golden_record;
using linnet::testing::have_fixture;
using linnet::testing::read_json;
using linnet::testing::read_json_lines;

namespace {

/// Every option that an index can name; an unknown one throws, so that none is ignored.
BertTokenizer::Config config_of(const nlohmann::json& options) {
  BertTokenizer::Config config;
  for (const auto& [name, value] : options.items()) {
    if (name == "lowercase") config.lowercase = value;
    else if (name == "strip_accents") config.strip_accents = value;
    else if (name == "split") config.split = value;
    else if (name == "split_on_cjk") config.split_on_cjk = value;
    else if (name == "suffix_indicator") config.suffix_indicator = value;
    else if (name == "oov_token") config.oov_token = value;
    else if (name == "special_tokens") config.special_tokens = value.get<std::vector<std::string>>();
    else if (name == "special_tokens_in_strings") config.special_tokens_in_strings = value;
    else if (name == "sequence_length") config.sequence_length = value.get<std::int64_t>();
    else throw std::runtime_error("unknown option " + name);
  }
  return config;
}

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tokenizer)

BOOST_AUTO_TEST_CASE(ids_tokens_and_detokenized_text_are_those_of_keras_hub) {
  if (!have_fixture("tokenizer/differences.json")) return;
  const nlohmann::json index = read_json(fixtures() / "tokenizer" / "differences.json");
  for (const auto& [name, variant] : index.items()) {
    if (!variant.contains("vocabulary")) continue;  // "versions"
    const std::string vocabulary = variant.at("vocabulary");
    const BertTokenizer bert(Vocabulary::load(fixtures() / "vocab" / vocabulary), config_of(variant.at("options")));
    const std::string row_name = "tokenizer/" + name;
    const std::vector<nlohmann::json> rows = read_json_lines(fixtures() / "tokenizer" / (name + ".jsonl"));
    BOOST_TEST(rows.size() == variant.at("strings").get<std::size_t>());
    for (const nlohmann::json& row : rows) {
      const std::string what = "string " + row.at("id").dump();
      const std::string text = unhex(row.at("utf8_hex"));
      BOOST_TEST((text == row.at("text").get<std::string>()));
      const std::vector<std::int32_t> ids = bert.tokenize(text);
      golden_equal(row_name, what + " ids", row.at("ids").get<std::vector<std::int32_t>>(), ids);
      golden_equal(row_name, what + " detokenized", row.at("detokenized").get<std::string>(), bert.detokenize(ids));
      std::vector<std::string> tokens;
      for (const std::int32_t id : ids) tokens.push_back(bert.id_to_token(id));
      BOOST_TEST((tokens == row.at("tokens").get<std::vector<std::string>>()), row_name << " " << what << " tokens");
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_throw_where_keras_hub_raises) {
  if (!have_fixture("tokenizer/bytes.jsonl")) return;
  const BertTokenizer bert(Vocabulary::load(fixtures() / "vocab" / "bert_en_uncased.txt"), config_of({{"lowercase", true}}));
  for (const nlohmann::json& row : read_json_lines(fixtures() / "tokenizer" / "bytes.jsonl")) {
    const std::string text = unhex(row.at("utf8_hex")), what = "string " + row.at("id").dump();
    if (!row.contains("error")) {
      golden_equal("tokenizer/bytes", what, row.at("ids").get<std::vector<std::int32_t>>(), bert.tokenize(text));
      continue;
    }
    bool thrown = false;
    try {
      bert.tokenize(text);
    } catch (const std::invalid_argument& error) {
      thrown = std::string(error.what()).find("WordPieceTokenizer: text must be UTF-8, got byte 0x") == 0;
    }
    golden_record("tokenizer/bytes", what, 1, 0, 0, thrown);
  }
}

BOOST_AUTO_TEST_SUITE_END()
