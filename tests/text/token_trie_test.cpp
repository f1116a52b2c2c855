#include "framework/text/token_trie.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/throws.h"

using linnet::TokenTrie;

namespace {

std::array<unsigned char, 256> same_bytes() {
  std::array<unsigned char, 256> map{};
  for (std::size_t i = 0; i < map.size(); ++i) map[i] = static_cast<unsigned char>(i);
  return map;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_trie)

BOOST_AUTO_TEST_CASE(the_longest_match_wins_and_the_empty_token_never_matches) {
  const std::vector<std::string> tokens{"", "a", "abc", "b"};
  const std::vector<std::int32_t> order{0, 1, 2, 3};
  const TokenTrie trie(tokens, order);
  const auto map = same_bytes();
  const auto match = [&](std::string_view text) { return trie.longest_match(trie.root(), text, map.data()); };
  BOOST_TEST(match("abcd").length == 3u);
  BOOST_TEST(match("abcd").token == 2);
  BOOST_TEST(match("abd").token == 1);
  BOOST_TEST(match("bbb").length == 1u);
  BOOST_TEST(match("x").length == 0u);
  BOOST_TEST(match("").length == 0u);
  BOOST_TEST(trie.token(trie.root()) == 0);
}

BOOST_AUTO_TEST_CASE(bytes_are_read_through_the_map) {
  const std::vector<std::string> tokens{"ab"};
  const std::vector<std::int32_t> order{0};
  const TokenTrie trie(tokens, order);
  auto map = same_bytes();
  map['A'] = 'a';
  BOOST_TEST(trie.longest_match(trie.root(), "Ab", map.data()).length == 2u);
  BOOST_TEST(trie.longest_match(trie.root(), "aB", map.data()).length == 0u);
}

BOOST_AUTO_TEST_CASE(every_byte_can_be_a_child) {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> order;
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; ++j) {
      order.push_back(static_cast<std::int32_t>(tokens.size()));
      tokens.push_back({static_cast<char>(i), static_cast<char>(j)});
    }
  }
  const TokenTrie trie(tokens, order);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (trie.token(trie.walk(tokens[i])) != static_cast<std::int32_t>(i)) BOOST_ERROR("token " << i << " is not found");
  }
  BOOST_TEST(trie.walk("abc") == TokenTrie::kNone);
}

BOOST_AUTO_TEST_CASE(an_order_of_another_size_throws) {
  const std::vector<std::string> tokens{"a"};
  BOOST_CHECK_EXCEPTION(TokenTrie(tokens, {}), std::invalid_argument,
                        linnet::testing::says("TokenTrie: order must list every token once, got 0 of 1"));
}

BOOST_AUTO_TEST_SUITE_END()
