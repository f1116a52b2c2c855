#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What a BERT tokenizer needs of Unicode, with the results of KerasHub's Python path: the normalisation and case folding of
/// Python 3.11 (Unicode 14: newer code points are as unassigned, left alone) and the classes of its `regex` module (newer).
/// Strings are UTF-8. Functions that do not check their argument take valid UTF-8 only.
namespace linnet::unicode {

/// All bytes are below 128.
bool is_ascii(std::string_view text);
/// The offset in bytes of the first byte of a sequence that is not UTF-8 (RFC 3629: no surrogates, no overlong forms), or npos.
std::size_t find_invalid(std::string_view text);
/// Throws std::invalid_argument `<who>: text must be UTF-8, got byte 0xE9 at offset 3` if find_invalid finds something.
void check_valid(std::string_view text, std::string_view who);
/// The code point that starts at `offset`, which moves behind it. Valid UTF-8, offset < text.size().
char32_t decode(std::string_view text, std::size_t& offset);

/// Category Cc or Cf.
bool is_control(char32_t code_point);
/// A category P…; symbols (S…) are none, not even ASCII ones.
bool is_punctuation(char32_t code_point);
/// Whitespace as Python's str.isspace.
bool is_space(char32_t code_point);
/// Default_Ignorable_Code_Point: what nfkc_casefold drops.
bool is_default_ignorable(char32_t code_point);

/// The text without is_space code points at its end.
std::string_view strip_right(std::string_view text);
/// The canonical decomposition (NFD) without code points of category Mn. Takes n log n time.
std::string strip_accents(std::string_view text);
/// NFKC_Casefold: NFKC(casefold(NFKC(text))) without default ignorable code points.
/// Takes quadratic time in the longest run of combining marks.
std::string nfkc_casefold(std::string_view text);

}  // namespace linnet::unicode
