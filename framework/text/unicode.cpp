#include "framework/text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include "framework/core/error.h"

namespace linnet::unicode {

namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080u;
constexpr UChar32 kFirstDecomposable = 0xC0;
constexpr int kNormalizationVersion = 14;  // Unicode of Python 3.11's unicodedata

struct Range {
  char32_t first, last;
};

bool contains(const Range* begin, const Range* end, char32_t code_point) {
  const Range* range = std::upper_bound(begin, end, code_point, [](char32_t value, const Range& r) { return value < r.first; });
  return range != begin && code_point <= std::prev(range)->last;
}

// Categories P of the `regex` module that ICU 72 (Unicode 15) does not know yet.
constexpr Range kNewPunctuation[] = {{0x1B4E, 0x1B4F},   {0x1B7F, 0x1B7F},   {0x2E60, 0x2E63},   {0x10D6E, 0x10D6E}, {0x10ED0, 0x10ED0},
                                     {0x113D4, 0x113D5}, {0x113D7, 0x113D8}, {0x11BE1, 0x11BE1}, {0x16D6D, 0x16D6F}, {0x1E5FF, 0x1E5FF}};

// Default_Ignorable_Code_Point as a whole, unassigned ones included.
constexpr Range kIgnorable[] = {{0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},  {0x180B, 0x180F},
                                {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},  {0xFEFF, 0xFEFF},
                                {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};

bool is_newer(char32_t code_point) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(code_point), age);
  return age[0] > kNormalizationVersion;
}

void check_icu(UErrorCode status) { check_file(U_SUCCESS(status) != 0, "unicode: ICU must work, got ", u_errorName(status)); }

const icu::Normalizer2& normalizer(const icu::Normalizer2* (*instance)(UErrorCode&)) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* result = instance(status);
  check_icu(status);
  return *result;
}

icu::StringPiece piece(std::string_view text) {
  check(text.size() <= INT32_MAX, "unicode: text must be shorter than 2 GiB, got ", text.size(), " bytes");
  return {text.data(), static_cast<std::int32_t>(text.size())};
}

/// `map` on each stretch of old enough code points. The others, unassigned in kNormalizationVersion, neither change nor
/// combine nor let marks be reordered across them, so stretch by stretch is the whole.
template <class F>
std::string map_old(std::string_view text, F&& map) {
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  std::size_t begin = 0, offset = 0;
  const auto flush = [&](std::size_t end) {
    if (end > begin) map(piece(text.substr(begin, end - begin)), sink);
  };
  while (offset < text.size()) {
    const std::size_t here = offset;
    if (!is_newer(decode(text, offset))) continue;
    flush(here);
    result.append(text.substr(here, offset - here));
    begin = offset;
  }
  flush(text.size());
  return result;
}

std::string normalize(std::string_view text, const icu::Normalizer2& form) {
  return map_old(text, [&](const icu::StringPiece& part, icu::ByteSink& sink) {
    UErrorCode status = U_ZERO_ERROR;
    form.normalizeUTF8(0, part, sink, nullptr, status);
    check_icu(status);
  });
}

std::string casefold(std::string_view text) {
  return map_old(text, [](const icu::StringPiece& part, icu::ByteSink& sink) {
    UErrorCode status = U_ZERO_ERROR;
    icu::CaseMap::utf8Fold(0, part, sink, nullptr, status);
    check_icu(status);
  });
}

struct Mark {
  UChar32 code_point;
  std::uint8_t combining_class;
};

void append(std::string& text, UChar32 code_point) {
  char bytes[U8_MAX_LENGTH];
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, code_point);
  text.append(bytes, length);
}

/// The number of bytes of the sequence at text[0], 0 if it is not UTF-8. RFC 3629, section 4.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto within = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    return within(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    return within(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && within(2, 0x80, 0xBF) && within(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

/// The offset of the first byte that is not ASCII, text.size() if there is none.
std::size_t skip_ascii(std::string_view text, std::size_t offset) {
  for (; offset + 8 <= text.size(); offset += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + offset, 8);
    if ((word & kHighBits) != 0) break;
  }
  while (offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x80) ++offset;
  return offset;
}

}  // namespace

bool is_ascii(std::string_view text) { return skip_ascii(text, 0) == text.size(); }

std::size_t find_invalid(std::string_view text) {
  for (std::size_t offset = skip_ascii(text, 0); offset < text.size(); offset = skip_ascii(text, offset)) {
    const std::size_t length = sequence_length(text.substr(offset));
    if (length == 0) return offset;
    offset += length;
  }
  return std::string_view::npos;
}

void check_valid(std::string_view text, std::string_view who) {
  const std::size_t offset = find_invalid(text);
  if (offset == std::string_view::npos) return;
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(text[offset]);
  check(false, who, ": text must be UTF-8, got byte 0x", kDigits[byte >> 4], kDigits[byte & 15], " at offset ", offset);
}

char32_t decode(std::string_view text, std::size_t& offset) {
  const auto next = [&] { return static_cast<char32_t>(static_cast<unsigned char>(text[offset++])); };
  const char32_t lead = next();
  if (lead < 0x80) return lead;
  char32_t result = lead & (lead < 0xE0 ? 0x1F : lead < 0xF0 ? 0x0F : 0x07);
  for (int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3; more > 0; --more) result = result << 6 | (next() & 0x3F);
  return result;
}

bool is_control(char32_t code_point) { return ((U_GC_CC_MASK | U_GC_CF_MASK) & U_MASK(u_charType(static_cast<UChar32>(code_point)))) != 0; }

bool is_punctuation(char32_t code_point) {
  const std::uint32_t mask = U_MASK(u_charType(static_cast<UChar32>(code_point)));
  if ((mask & U_GC_CN_MASK) != 0) return contains(std::begin(kNewPunctuation), std::end(kNewPunctuation), code_point);
  return (mask & U_GC_P_MASK) != 0;
}

bool is_space(char32_t code_point) {
  constexpr Range kSpaces[] = {{0x09, 0x0D},     {0x1C, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
                               {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
  return contains(std::begin(kSpaces), std::end(kSpaces), code_point);
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    std::size_t offset = last;
    if (!is_space(decode(text, offset))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

bool is_default_ignorable(char32_t code_point) { return contains(std::begin(kIgnorable), std::end(kIgnorable), code_point); }

std::string strip_accents(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  // Not by ICU's NFD: its insertion sort of combining marks takes quadratic time on a text of nothing else.
  std::vector<Mark> marks;  // code points since the last one of class 0, to be sorted by class
  std::string result;
  const auto flush = [&] {
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; });
    for (const Mark& mark : marks) {
      if (u_charType(mark.code_point) != U_NON_SPACING_MARK) append(result, mark.code_point);
    }
    marks.clear();
  };
  const icu::Normalizer2& nfd = normalizer(icu::Normalizer2::getNFDInstance);
  icu::UnicodeString decomposition;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto code_point = static_cast<UChar32>(decode(text, offset));
    if (is_newer(static_cast<char32_t>(code_point))) {
      flush();
      append(result, code_point);
      continue;
    }
    if (code_point < kFirstDecomposable || !nfd.getDecomposition(code_point, decomposition)) decomposition.setTo(code_point);
    for (std::int32_t i = 0; i < decomposition.length(); i = decomposition.moveIndex32(i, 1)) {
      const Mark mark{decomposition.char32At(i), u_getCombiningClass(decomposition.char32At(i))};
      if (mark.combining_class == 0) flush();
      marks.push_back(mark);
      if (mark.combining_class == 0) flush();
    }
  }
  flush();
  return result;
}

std::string nfkc_casefold(std::string_view text) {
  if (is_ascii(text)) {
    std::string result(text);
    for (char& c : result) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
    return result;
  }
  // Most text is folded already; ICU's own NFKC_Casefold then tells so fastest. It is not used for the mapping itself because
  // Python's three steps differ from it where folding leaves marks to reorder.
  UErrorCode status = U_ZERO_ERROR;
  const bool is_folded = normalizer(icu::Normalizer2::getNFKCCasefoldInstance).isNormalizedUTF8(piece(text), status) != 0;
  check_icu(status);
  if (is_folded) return std::string(text);
  const icu::Normalizer2& nfkc = normalizer(icu::Normalizer2::getNFKCInstance);
  const std::string folded = normalize(casefold(normalize(text, nfkc)), nfkc);
  std::string result;
  for (std::size_t offset = 0; offset < folded.size();) {
    const std::size_t here = offset;
    if (!is_default_ignorable(decode(folded, offset))) result.append(folded, here, offset - here);
  }
  return result;
}

}  // namespace linnet::unicode
