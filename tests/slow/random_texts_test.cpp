// Two million random texts, half of them no UTF-8: ids of the vocabulary or the error, and never more time for a text than its
// length explains.
#include <boost/test/unit_test.hpp>
#include <iostream>
#include <random>

#include "framework/text/unicode.h"
#include "models/bert/bert_tokenizer.h"
#include "tests/support/measured.h"

using namespace linnet;

namespace {

constexpr int kTexts = 1'000'000;

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) put(0xC0 | code >> 6);
  else if (code < 0x10000) put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F));
  else put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F));
  put(0x80 | (code & 0x3F));
}

std::string random_text(std::mt19937& random) {
  constexpr std::uint32_t kBlocks[] = {0x80,   0x250,  0x370,  0x600,  0x900,   0x1100,  0x2000,  0x3000,
                                       0x4E00, 0xA000, 0xD7B0, 0xF900, 0x10000, 0x1F300, 0x20000, 0xE0000};
  std::string text;
  for (auto length = random() % 24; length > 0; --length) {
    std::uint32_t code = 0;
    switch (random() % 4) {
      case 0: code = static_cast<std::uint32_t>(random() % 0x80); break;
      case 1: code = static_cast<std::uint32_t>(0x300 + random() % 0x70); break;  // combining marks
      case 2: code = kBlocks[random() % std::size(kBlocks)] + static_cast<std::uint32_t>(random() % 0x100); break;
      default: code = static_cast<std::uint32_t>(random() % 0x110000);
    }
    if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
    append_utf8(text, code);
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_texts)

BOOST_AUTO_TEST_CASE(random_texts_give_ids_and_other_bytes_the_error) {
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (std::uint32_t code = 0x21; code < 0x3000; ++code) {
    if (code >= 0x7F && code < 0xA1) continue;
    std::string character;
    append_utf8(character, code);
    tokens.push_back(character);
    tokens.push_back("##" + character);
  }
  BertTokenizer::Config config;
  config.lowercase = config.strip_accents = config.special_tokens_in_strings = true;
  const BertTokenizer tokenizer(Vocabulary(tokens), config);
  std::mt19937 random(17);
  std::int64_t ids = 0, refused = 0;
  double slowest = 0;
  for (int i = 0; i < 2 * kTexts; ++i) {
    std::string text = random_text(random);
    if (i % 2 == 1) text.insert(random() % (text.size() + 1), 1 + random() % 3, static_cast<char>(0x80 + random() % 0x80));
    const bool valid = unicode::find_invalid(text) == std::string::npos;
    const double begin = testing::processor_seconds();
    try {
      for (const std::int32_t id : tokenizer.tokenize(text)) {
        if (id < 0 || id >= tokenizer.vocabulary_size()) BOOST_REQUIRE_MESSAGE(false, "id " << id);
        ++ids;
      }
      if (!valid) BOOST_REQUIRE_MESSAGE(false, "taken for UTF-8: " << text);
    } catch (const std::invalid_argument&) {
      if (valid) BOOST_REQUIRE_MESSAGE(false, "not taken for UTF-8: " << text);
      ++refused;
    }
    slowest = std::max(slowest, testing::processor_seconds() - begin);
  }
  BOOST_TEST(refused > kTexts * 9 / 10);
  if (testing::is_memory_measurable()) BOOST_TEST(slowest < 0.01);  // for at most a hundred bytes; sanitizers measure other things
  std::cout << "reached: " << 2 * kTexts << " texts, " << refused << " of them no UTF-8, " << ids << " ids\n";
}

BOOST_AUTO_TEST_SUITE_END()
