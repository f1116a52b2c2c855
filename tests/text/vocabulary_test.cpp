#include "framework/text/vocabulary.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/limits.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::TokenTrie;
using linnet::Vocabulary;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

std::filesystem::path written(const TemporaryDirectory& directory, const std::string& text) {
  std::ofstream(directory / "vocab.txt", std::ios::binary) << text;
  return directory / "vocab.txt";
}

Vocabulary loaded(const std::string& text) {
  const TemporaryDirectory directory;
  return Vocabulary::load(written(directory, text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vocabulary)

BOOST_AUTO_TEST_CASE(every_token_is_found_under_its_id_and_nothing_else_is) {
  std::mt19937 random(3);
  std::set<std::string> unique{"", "a", "ab", "abc", "\u4f60"};
  while (unique.size() < 3000) {
    std::string token;
    for (auto length = random() % 7; length > 0; --length) token += static_cast<char>('a' + random() % 5);
    for (auto length = random() % 3; length > 0; --length) token += random() % 2 ? "\u00e9" : "\U0001F40D";
    unique.insert(token);
  }
  const std::vector<std::string> tokens(unique.rbegin(), unique.rend());
  const Vocabulary vocabulary(tokens);
  BOOST_TEST(vocabulary.size() == 3000);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    BOOST_TEST(vocabulary.find(tokens[i]) == static_cast<std::int32_t>(i));
    BOOST_TEST(vocabulary.id_to_token(static_cast<std::int64_t>(i)) == tokens[i]);
    const std::string longer = tokens[i] + "z";
    BOOST_TEST(vocabulary.find(longer) == TokenTrie::kNone);
  }
}

BOOST_AUTO_TEST_CASE(lines_end_as_in_python_and_lose_whitespace_at_their_end) {
  const Vocabulary vocabulary = loaded("a \r\n b\t\rc\u3000\n\n\u2028x\u2028\n##\u2028\nlast\u000B");
  const std::vector<std::string> expected{"a", " b", "c", "", "\u2028x", "##", "last"};
  BOOST_TEST(vocabulary.tokens() == expected, boost::test_tools::per_element());
  BOOST_TEST(loaded("a\nb\n").size() == 2);
  BOOST_TEST(loaded("").size() == 0);
}

BOOST_AUTO_TEST_CASE(saving_and_loading_gives_the_same_tokens) {
  const TemporaryDirectory directory;
  const std::vector<std::string> tokens{"[PAD]", "", "##", " a", "\u4f60"};
  Vocabulary(tokens).save(directory / "vocabulary.txt");
  BOOST_TEST(Vocabulary::load(directory / "vocabulary.txt").tokens() == tokens, boost::test_tools::per_element());
  std::ifstream in(directory / "vocabulary.txt", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  BOOST_TEST(bytes == "[PAD]\n\n##\n a\n\u4f60\n");
}

BOOST_AUTO_TEST_CASE(a_token_that_would_be_read_back_otherwise_is_not_saved) {
  const TemporaryDirectory directory;
  for (const char* token : {"a\nb", "a\r", "a "}) {
    BOOST_CHECK_EXCEPTION(Vocabulary({"x", token}).save(directory / "v.txt"), std::invalid_argument,
                          says("Vocabulary: a token to save must hold no line break and not end in whitespace, got token 1"));
  }
  BOOST_TEST(!std::filesystem::exists(directory / "v.txt"));
  BOOST_CHECK_EXCEPTION(Vocabulary({"x"}).save(directory / "none" / "v.txt"), std::runtime_error, says("Vocabulary: cannot write "));
}

BOOST_AUTO_TEST_CASE(tokens_that_occur_twice_are_named_with_their_lines) {
  BOOST_CHECK_EXCEPTION(Vocabulary({"a", "b", "a"}), std::invalid_argument, says("Vocabulary: tokens must be unique, got \"a\" (0 and 2)"));
  BOOST_CHECK_EXCEPTION(loaded("b\na\nc\na \nb\n"), std::runtime_error,
                        says("Vocabulary: tokens must be unique, got on lines of ", ": \"a\" (2 and 4), \"b\" (1 and 5)"));
  BOOST_CHECK_EXCEPTION(loaded("a\na\na\na\na\na\na\n"), std::runtime_error, says("\"a\" (5 and 6) and 1 more"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_vocabulary_is_refused) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(Vocabulary::load(directory / "none.txt"), std::runtime_error, says("Vocabulary: the file must exist, got "));
  BOOST_CHECK_EXCEPTION(Vocabulary::load(directory.path()), std::runtime_error, says("Vocabulary: the file must exist, got "));
  BOOST_CHECK_EXCEPTION(loaded("a\nb\nc\xE9\n"), std::runtime_error, says("vocab.txt line 3"));
  BOOST_CHECK_EXCEPTION(loaded("a\nb\n\xE9\n"), std::runtime_error, says("vocab.txt line 3"));
  BOOST_CHECK_EXCEPTION(Vocabulary({"a", "\xFF"}), std::invalid_argument, says("Vocabulary: tokens must be UTF-8, got other bytes in token 1"));
  const std::filesystem::path large = written(directory, "a\n");
  std::filesystem::resize_file(large, (std::uintmax_t{64} << 20) + 1);
  BOOST_CHECK_EXCEPTION(Vocabulary::load(large), std::runtime_error, says("Vocabulary: the file must be at most 64 MiB, got "));
}

BOOST_AUTO_TEST_CASE(ids_and_tokens_that_are_not_there_throw) {
  const Vocabulary vocabulary({"a", "b"});
  BOOST_CHECK_EXCEPTION(vocabulary.id_to_token(2), std::invalid_argument, says("Vocabulary: id must be in [0, 2), got 2"));
  BOOST_CHECK_EXCEPTION(vocabulary.id_to_token(-1), std::invalid_argument, says("Vocabulary: id must be in [0, 2), got -1"));
  BOOST_CHECK_EXCEPTION(vocabulary.token_to_id("c"), std::invalid_argument, says("Vocabulary: the token must be in the vocabulary, got \"c\""));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_said) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = written(directory, "a\n");
  const auto load = [&] {
    const linnet::testing::Limit full = linnet::testing::Limit::no_more_files();
    Vocabulary::load(file);
  };
  BOOST_CHECK_EXCEPTION(load(), std::runtime_error, says("Vocabulary: cannot read "));
}

BOOST_AUTO_TEST_SUITE_END()
