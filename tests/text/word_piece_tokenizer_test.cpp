#include "framework/text/word_piece_tokenizer.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "framework/config/json.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::Vocabulary;
using linnet::WordPieceTokenizer;
using linnet::testing::says;
using Config = WordPieceTokenizer::Config;

namespace {

const std::vector<std::string> kTokens{"[UNK]",  "the",  "qu",        "##ick",  "br",     "##own",  "fox",  ".", "The", "##", "un",  "##aff",
                                       "##able", "cafe", "caf\u00e9", "\u4f60", "\u597d", "[MASK]", "mask", "[", "]",   "a",  "##a", "fi"};

/// The tokens of `text`, joined by spaces.
std::string tokens(std::string_view text, const Config& config = {}) {
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
  std::string result;
  for (const std::int32_t id : tokenizer.tokenize(text)) result += (result.empty() ? "" : " ") + tokenizer.id_to_token(id);
  return result;
}

Config lowercase() {
  Config config;
  config.lowercase = true;
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(word_piece_tokenizer)

BOOST_AUTO_TEST_CASE(words_are_cut_into_the_longest_tokens) {
  BOOST_TEST(tokens("the quick brown fox.") == "the qu ##ick br ##own fox .");
  BOOST_TEST(tokens("unaffable") == "un ##aff ##able");
  BOOST_TEST(tokens("") == "");
  BOOST_TEST(tokens(" \t\r\n\f") == "");
}

BOOST_AUTO_TEST_CASE(a_word_that_cannot_be_cut_is_one_unknown_token) {
  BOOST_TEST(tokens("unaffablex fox") == "[UNK] fox");
  BOOST_TEST(tokens("xfox") == "[UNK]");
  BOOST_TEST(tokens("foxtrot") == "[UNK]");
}

BOOST_AUTO_TEST_CASE(a_word_may_have_a_hundred_bytes_and_no_more) {
  BOOST_TEST(tokens(std::string(100, 'a')).size() == 1 + 99 * 4u);
  BOOST_TEST(tokens(std::string(101, 'a')) == "[UNK]");
  const std::string folds_to_a_hundred = "\uFF21" + std::string(99, 'a');  // 102 bytes before folding
  BOOST_TEST(tokens(folds_to_a_hundred, lowercase()).size() == 1 + 99 * 4u);
}

BOOST_AUTO_TEST_CASE(lowercase_folds_words_after_splitting) {
  BOOST_TEST(tokens("THE Fox") == "[UNK] [UNK]");
  BOOST_TEST(tokens("THE Fox", lowercase()) == "the fox");
  BOOST_TEST(tokens("\uFB01 CAF\u00C9", lowercase()) == "fi caf\u00e9");
  BOOST_TEST(tokens("the\u00A0fox", lowercase()) == "[UNK]");  // folds to a space inside a word
  BOOST_TEST(tokens("\u3164", lowercase()) == "");             // folds to nothing
}

BOOST_AUTO_TEST_CASE(strip_accents_removes_them_before_splitting) {
  Config config;
  BOOST_TEST(tokens("caf\u00e9", config) == "caf\u00e9");
  config.strip_accents = true;
  BOOST_TEST(tokens("caf\u00e9", config) == "cafe");
}

BOOST_AUTO_TEST_CASE(control_and_format_characters_split_and_unicode_spaces_do_not) {
  for (const char* separator : {" ", "\t", "\u000B", "\u0085", "\u200B", "\u00AD", "\uFEFF"})
    BOOST_TEST(tokens(std::string("fox") + separator + "the") == "fox the");
  BOOST_TEST(tokens(std::string("fox\0the", 7)) == "fox the");
  for (const char* space : {"\u00A0", "\u2009", "\u2028", "\u3000"}) BOOST_TEST(tokens(std::string("fox") + space + "the") == "[UNK]");
}

BOOST_AUTO_TEST_CASE(split_false_takes_a_text_for_one_word) {
  Config config;
  config.split = false;
  BOOST_TEST(tokens("the fox", config) == "[UNK]");
  BOOST_TEST(tokens("[MASK]", config) == "[MASK]");
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
  const std::vector<std::string> words{"quick", "", "the fox", "fox"};
  const std::vector<std::int32_t> expected{2, 3, 0, 6};
  BOOST_TEST(tokenizer.tokenize_words(words) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(words_that_are_split_already_are_stripped_and_folded) {
  Config config = lowercase();
  config.strip_accents = true;
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
  const std::vector<std::string> words{"CAF\u00C9", "THE"}, bad{"fox", "\xFF"};
  const std::vector<std::int32_t> expected{13, 1};
  BOOST_TEST(tokenizer.tokenize_words(words) == expected, boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(tokenizer.tokenize_words(bad), std::invalid_argument,
                        says("WordPieceTokenizer: text must be UTF-8, got byte 0xFF at offset 0"));
}

BOOST_AUTO_TEST_CASE(ideographs_are_words_of_their_own_if_asked) {
  Config config;
  BOOST_TEST(tokens("\u4f60\u597dfox", config) == "\u4f60 \u597d fox");
  config.split_on_cjk = false;
  BOOST_TEST(tokens("\u4f60\u597dfox", config) == "[UNK]");
}

BOOST_AUTO_TEST_CASE(the_suffix_indicator_marks_what_continues_a_word) {
  Config config;
  config.suffix_indicator = "@@";
  const WordPieceTokenizer tokenizer(Vocabulary({"[UNK]", "ab", "@@cd", "@@"}), config);
  const std::vector<std::int32_t> expected{1, 2}, bare{1, 3}, leading{2, 1};
  BOOST_TEST(tokenizer.tokenize("abcd") == expected, boost::test_tools::per_element());
  BOOST_TEST(tokenizer.detokenize(expected) == "abcd");
  BOOST_TEST(tokenizer.detokenize(bare) == "ab @@");
  BOOST_TEST(tokenizer.detokenize(leading) == "@@cd ab");
  config.suffix_indicator = "";
  const WordPieceTokenizer plain(Vocabulary({"[UNK]", "ab", "cd"}), config);
  BOOST_TEST(plain.tokenize("abcdab").size() == 3u);
}

BOOST_AUTO_TEST_CASE(without_any_suffix_only_whole_tokens_are_words) {
  Config config;
  config.suffix_indicator = "~~";
  BOOST_TEST(tokens("quick fox", config) == "[UNK] fox");
}

BOOST_AUTO_TEST_CASE(oov_token_is_what_unknown_words_become) {
  Config config;
  config.oov_token = "fox";
  BOOST_TEST(tokens("zzz", config) == "fox");
  config.oov_token = "missing";
  BOOST_CHECK_EXCEPTION(WordPieceTokenizer(Vocabulary(kTokens), config), std::invalid_argument,
                        says("WordPieceTokenizer: oov_token must be in the vocabulary, got \"missing\""));
}

BOOST_AUTO_TEST_CASE(special_tokens_in_strings_are_kept_whole_and_not_folded) {
  Config config = lowercase();
  config.special_tokens = {"[MASK]"};
  BOOST_TEST(tokens("fox[MASK]the [mask]", config) == "fox [ mask ] the [ mask ]");
  config.special_tokens_in_strings = true;
  BOOST_TEST(tokens("fox[MASK]the [mask]", config) == "fox [MASK] the [ mask ]");
  config.special_tokens = {""};
  BOOST_CHECK_EXCEPTION(WordPieceTokenizer(Vocabulary(kTokens), config), std::invalid_argument,
                        says("WordPieceTokenizer: special_tokens must be UTF-8 and not empty, got \"\""));
}

BOOST_AUTO_TEST_CASE(sequence_length_cuts_and_fills_with_zero) {
  Config config;
  config.sequence_length = 3;
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
  const std::vector<std::int32_t> cut{1, 2, 3}, filled{6, 0, 0};
  BOOST_TEST(tokenizer.tokenize("the quick brown") == cut, boost::test_tools::per_element());
  BOOST_TEST(tokenizer.tokenize("fox") == filled, boost::test_tools::per_element());
  config.sequence_length = 0;
  BOOST_CHECK_EXCEPTION(WordPieceTokenizer(Vocabulary(kTokens), config), std::invalid_argument,
                        says("WordPieceTokenizer: sequence_length must be 1 to 16777216, got 0"));
}

BOOST_AUTO_TEST_CASE(ids_outside_of_the_vocabulary_throw) {
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), Config{});
  const std::vector<std::int32_t> ids{1, 99};
  BOOST_CHECK_EXCEPTION(tokenizer.detokenize(ids), std::invalid_argument, says("Vocabulary: id must be in [0, 24), got 99"));
  BOOST_TEST(tokenizer.detokenize({}) == "");
  BOOST_TEST(tokenizer.vocabulary_size() == 24);
}

BOOST_AUTO_TEST_CASE(assets_are_the_vocabulary) {
  const linnet::testing::TemporaryDirectory directory;
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), Config{});
  tokenizer.save_assets(directory.path());
  BOOST_TEST(Vocabulary::load(directory / "vocabulary.txt").tokens() == kTokens, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_config_is_its_json) {
  const std::string json = R"({"sequence_length":7,"lowercase":true,"strip_accents":true,"split":false,"split_on_cjk":false,)"
                           R"("suffix_indicator":"@@","oov_token":"?","special_tokens":["<a>"],"special_tokens_in_strings":true})";
  const auto without_spaces = [](std::string text) {
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }), text.end());
    return text;
  };
  BOOST_TEST(without_spaces(linnet::to_json(linnet::from_json<Config>(json, "config"))) == json);
}

// The generous bound is for sanitizers and busy machines; anything quadratic takes seconds.
BOOST_AUTO_TEST_CASE(a_hundred_kilobytes_of_anything_take_linear_time) {
  Config config = lowercase();
  const auto seconds = [&](const std::string& part) {
    std::string text;
    while (text.size() < 100'000) text += part;
    const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
    const auto start = std::chrono::steady_clock::now();
    tokenizer.tokenize(text);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (const bool strip : {false, true}) {
    config.strip_accents = strip;
    for (const char* part : {"a", "\u0301\u0323", "\uFE0F", "\u034F\u0301\u0323\uFDFA", "\u302E\U0001D165", "\u4f60"})
      BOOST_TEST(seconds(part) < 0.5);
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_give_ids_or_the_error_and_threads_agree) {
  std::mt19937 random(11);
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto length = random() % 12; length > 0; --length)
      text += random() % 3 ? kTokens[random() % kTokens.size()] : std::string(1, static_cast<char>(random()));
    texts.push_back(text);
  }
  Config config = lowercase();
  config.strip_accents = config.special_tokens_in_strings = true;
  const WordPieceTokenizer tokenizer(Vocabulary(kTokens), config);
  const auto run = [&] {
    std::vector<std::vector<std::int32_t>> results;
    for (const std::string& text : texts) {
      try {
        results.push_back(tokenizer.tokenize(text));
      } catch (const std::invalid_argument&) {
        results.push_back({-1});
      }
    }
    return results;
  };
  const auto expected = run();
  for (const auto& ids : expected) {
    for (const std::int32_t id : ids) BOOST_REQUIRE(id < tokenizer.vocabulary_size());
  }
  std::vector<std::vector<std::vector<std::int32_t>>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&result, &run] { result = run(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) BOOST_TEST((result == expected));
}

BOOST_AUTO_TEST_SUITE_END()
