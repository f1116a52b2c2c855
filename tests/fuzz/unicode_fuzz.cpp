#include "framework/text/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

/// By ICU's own reader.
bool is_utf8(const std::uint8_t* data, std::int32_t size) {
  for (std::int32_t at = 0; at < size;) {
    UChar32 code_point = 0;
    U8_NEXT(data, at, size, code_point);
    if (code_point < 0) return false;
  }
  return true;
}

/// ICU's NFD without marks; only for text of Unicode 14, as newer code points are left alone by ours.
bool is_old(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    UVersionInfo age;
    u_charAge(static_cast<UChar32>(unicode::decode(text, at)), age);
    if (age[0] > 14 || age[0] == 0) return false;
  }
  return true;
}
std::string stripped_by_icu(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  const icu::UnicodeString decomposed = nfd->normalize(icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), status);
  fuzz::require(U_SUCCESS(status) != 0, "ICU works");
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1))
    if (u_charType(decomposed.char32At(i)) != U_NON_SPACING_MARK) kept.append(decomposed.char32At(i));
  std::string result;
  return kept.toUTF8String(result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const bool valid = unicode::find_invalid(text) == std::string_view::npos;
  fuzz::require(valid == is_utf8(data, static_cast<std::int32_t>(size)), "UTF-8 is what ICU calls UTF-8");
  fuzz::require(fuzz::accepts<std::invalid_argument>([&] { unicode::check_valid(text, "fuzz"); }) == valid, "both say the same");
  if (!valid) return 0;
  const std::string stripped = unicode::strip_accents(text), folded = unicode::nfkc_casefold(text);
  fuzz::require(unicode::find_invalid(stripped) == std::string::npos && unicode::find_invalid(folded) == std::string::npos, "results are UTF-8");
  if (is_old(text)) fuzz::require(stripped == stripped_by_icu(text), "NFD without marks is ICU's");
  for (std::size_t at = 0; at < folded.size();)
    fuzz::require(!unicode::is_default_ignorable(unicode::decode(folded, at)), "nothing ignorable is left");
  const std::string_view right = unicode::strip_right(text);
  fuzz::require(text.starts_with(right) && unicode::find_invalid(right) == std::string_view::npos, "stripped on the right alone");
  return 0;
}
