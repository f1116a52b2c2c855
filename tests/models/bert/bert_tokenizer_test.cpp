#include "models/bert/bert_tokenizer.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/throws.h"

using linnet::BertTokenizer;
using linnet::Vocabulary;

BOOST_AUTO_TEST_SUITE(bert_tokenizer)

BOOST_AUTO_TEST_CASE(special_ids_are_looked_up) {
  const BertTokenizer tokenizer(Vocabulary({"a", "[MASK]", "[UNK]", "[SEP]", "[PAD]", "[CLS]"}));
  BOOST_TEST(tokenizer.mask_token_id() == 1);
  BOOST_TEST(tokenizer.sep_token_id() == 3);
  BOOST_TEST(tokenizer.end_token_id() == 3);
  BOOST_TEST(tokenizer.pad_token_id() == 4);
  BOOST_TEST(tokenizer.cls_token_id() == 5);
  BOOST_TEST(tokenizer.start_token_id() == 5);
  const std::vector<std::int32_t> expected{5, 3, 4, 1};
  BOOST_TEST(tokenizer.special_token_ids() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_special_token_must_be_in_the_vocabulary) {
  const std::vector<std::string> all{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (const std::string& missing : all) {
    std::vector<std::string> tokens;
    for (const std::string& token : all) {
      if (token != missing) tokens.push_back(token);
    }
    const std::string message = missing == "[UNK]"
                                    ? "BertTokenizer: oov_token must be in the vocabulary, got \"[UNK]\""
                                    : "BertTokenizer: the vocabulary must hold the special token \"" + missing + "\", got 4 tokens without it";
    BOOST_CHECK_EXCEPTION(BertTokenizer(Vocabulary(tokens)), std::invalid_argument, linnet::testing::says(message));
  }
}

BOOST_AUTO_TEST_CASE(its_special_tokens_are_found_in_strings_if_asked) {
  const Vocabulary vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[", "]", "mask", "<x>"});
  BertTokenizer::Config config;
  config.lowercase = true;
  const std::vector<std::int32_t> parts{5, 7, 6}, whole{4, 8, 2};
  BOOST_TEST(BertTokenizer(vocabulary, config).tokenize("[MASK]") == parts, boost::test_tools::per_element());
  config.special_tokens_in_strings = true;
  config.special_tokens = {"<x>"};
  BOOST_TEST(BertTokenizer(vocabulary, config).tokenize("[MASK] <x>[CLS]") == whole, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
