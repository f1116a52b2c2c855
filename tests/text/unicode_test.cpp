#include "framework/text/unicode.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/support/throws.h"

using linnet::testing::says;
using linnet::unicode::check_valid;
using linnet::unicode::decode;
using linnet::unicode::find_invalid;
using linnet::unicode::is_control;
using linnet::unicode::is_punctuation;
using linnet::unicode::is_space;
using linnet::unicode::nfkc_casefold;
using linnet::unicode::strip_accents;
using linnet::unicode::strip_right;

BOOST_AUTO_TEST_SUITE(unicode)

BOOST_AUTO_TEST_CASE(the_first_byte_that_is_not_utf8_is_found) {
  const std::string valid = "a\u00e9\u4f60\U0001F40D";
  BOOST_TEST(find_invalid("") == std::string::npos);
  BOOST_TEST(find_invalid(valid) == std::string::npos);
  BOOST_TEST(find_invalid("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") == std::string::npos);
  const std::string bad[] = {"\x80",
                             "\xC0\x80",
                             "\xC1\xBF",
                             "\xC3",
                             "\xE0\x9F\xBF",
                             "\xE4\xBD",
                             "\xED\xA0\x80",
                             "\xEF\xBF",
                             "\xF0\x9F\x90",
                             "\xF0\x8F\xBF\xBF",
                             "\xF4\x90\x80\x80",
                             "\xF5",
                             "\xFF",
                             "\xC3(",
                             "\xE4(\xA0",
                             "\xF0\x9F\x90(",
                             "\xE4\xBD(",
                             "\xFE"};
  for (const std::string& bytes : bad) {
    BOOST_TEST(find_invalid(bytes) == 0u);
    BOOST_TEST(find_invalid("long enough for a word " + valid + bytes) == 23 + valid.size());
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused_with_byte_and_offset) {
  BOOST_CHECK_EXCEPTION(check_valid("caf\xE9", "op"), std::invalid_argument, says("op: text must be UTF-8, got byte 0xE9 at offset 3"));
}

BOOST_AUTO_TEST_CASE(decoding_moves_by_code_points) {
  const std::string text = "a\u00e9\u4f60\U0001F40D";
  std::size_t offset = 0;
  for (const char32_t expected : {U'a', U'\u00e9', U'\u4f60', U'\U0001F40D'}) BOOST_TEST((decode(text, offset) == expected));
  BOOST_TEST(offset == text.size());
}

BOOST_AUTO_TEST_CASE(classes_follow_categories_and_not_habits) {
  for (const char32_t c : {U'\u0000', U'\u0085', U'\u00AD', U'\u200B', U'\uFEFF', U'\U000E0041'}) BOOST_TEST(is_control(c));
  for (const char32_t c : {U' ', U'\u00A0', U'\u2028', U'\u3000', U'a'}) BOOST_TEST(!is_control(c));
  for (const char32_t c : {U'!', U'_', U'\u3002', U'\u00BF', U'\u2014'}) BOOST_TEST(is_punctuation(c));
  for (const char32_t c : {U'$', U'^', U'\u20AC', U'\u00D7', U'a'}) BOOST_TEST(!is_punctuation(c));
  BOOST_TEST(is_punctuation(U'\u1B7F'));  // newer than ICU 72
  for (const char32_t c : {U' ', U'\u001C', U'\u0085', U'\u00A0', U'\u2028', U'\u3000'}) BOOST_TEST(is_space(c));
  for (const char32_t c : {U'\u001B', U'\u200B', U'\u180E', U'\uFEFF', U'a'}) BOOST_TEST(!is_space(c));
}

BOOST_AUTO_TEST_CASE(whitespace_at_the_end_goes_whatever_its_length_in_bytes) {
  BOOST_TEST(strip_right(" a b\u2028\u3000 \t\u00A0") == " a b");
  BOOST_TEST(strip_right("\u2028 ") == "");
  BOOST_TEST(strip_right("\u4f60") == "\u4f60");
}

BOOST_AUTO_TEST_CASE(accents_go_and_other_marks_stay) {
  BOOST_TEST(strip_accents("plain ASCII") == "plain ASCII");
  BOOST_TEST(strip_accents("Caf\u00e9 \u1EA4") == "Cafe A");
  BOOST_TEST(strip_accents("\uAC01") == "\u1100\u1161\u11A8");                // Hangul decomposes
  BOOST_TEST(strip_accents("\u302E\U0001D165") == "\U0001D165\u302E");        // Mc, sorted by class 224, 216
  BOOST_TEST(strip_accents("\u302E\u034F\U0001D165") == "\u302E\U0001D165");  // not across a mark of class 0
}

BOOST_AUTO_TEST_CASE(folding_is_nfkc_casefold) {
  const std::pair<const char*, const char*> cases[] = {{"ABC xyz [1]", "abc xyz [1]"},
                                                       {"\u00C9", "\u00E9"},
                                                       {"e\u0301", "\u00E9"},
                                                       {"\uFB01", "fi"},
                                                       {"Stra\u00DFe", "strasse"},
                                                       {"\u2163", "iv"},
                                                       {"\uFF21\uFF01", "a!"},
                                                       {"a\u00A0b", "a b"},
                                                       {"\u2026", "..."},
                                                       {"\u0130", "i\u0307"},
                                                       {"\u00AD\u200B\u3164", ""},
                                                       {"\u03A3\u03C2", "\u03C3\u03C3"},
                                                       {"\u4f60\u597d", "\u4f60\u597d"}};
  for (const auto& [text, folded] : cases) BOOST_TEST(nfkc_casefold(text) == folded);
}

BOOST_AUTO_TEST_CASE(code_points_newer_than_unicode_14_are_left_alone) {
  BOOST_TEST(nfkc_casefold("A\U0001E030B") == "a\U0001E030b");          // Unicode 15: superscript of U+0430
  BOOST_TEST(nfkc_casefold("\U0001E08F\u0323") == "\U0001E08F\u0323");  // Unicode 15: class 230, would be reordered
  BOOST_TEST(strip_accents("\u00e9\U0001E08F") == "e\U0001E08F");       // Unicode 15: Mn
}

BOOST_AUTO_TEST_SUITE_END()
