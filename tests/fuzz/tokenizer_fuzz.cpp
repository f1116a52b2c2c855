#include <algorithm>

#include "framework/text/unicode.h"
#include "models/bert/bert_text_classifier_preprocessor.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

const std::vector<std::string> kTokens{"[PAD]",  "[UNK]",  "[CLS]",    "[SEP]",  "[MASK]",   "a",          "b",  "##a",  "##b",    "ab",
                                       "##ab",   "##",     "the",      "un",     "##aff",    "##able",     "fi", ".",    ",",      "[",
                                       "]",      "MASK",   "1",        "##1",    "\u00e9",   "##\u00e9",   "e",  "##e",  "\u0301", "##\u0301",
                                       "\u4f60", "\u597d", "##\u4f60", "\u03c3", "##\u03c3", "\U0001F600", "ss", "##ss", "\uFFFD", "\u2013"};

/// The pieces of a word by the definition: the longest token at each place, one [UNK] if there is none somewhere.
std::vector<std::int32_t> pieces_of(const Vocabulary& vocabulary, const std::string& word, const std::string& suffix) {
  const std::int32_t unknown = vocabulary.token_to_id("[UNK]");
  if (word.size() > 100) return {unknown};
  std::vector<std::int32_t> ids;
  for (std::size_t begin = 0; begin < word.size();) {
    std::size_t length = word.size() - begin;
    std::int32_t id = TokenTrie::kNone;
    for (; length > 0; --length) {
      id = vocabulary.find((begin == 0 ? "" : suffix) + word.substr(begin, length));
      if (id != TokenTrie::kNone) break;
    }
    if (id == TokenTrie::kNone) return {unknown};
    ids.push_back(id);
    begin += length;
  }
  return ids;
}

}  // namespace

/// The first byte holds the settings, the others are the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Vocabulary vocabulary(kTokens);
  BertTokenizer::Config config;
  config.lowercase = (data[0] & 1) != 0;
  config.strip_accents = (data[0] & 2) != 0;
  config.split = (data[0] & 4) == 0;
  config.split_on_cjk = (data[0] & 8) == 0;
  config.special_tokens_in_strings = (data[0] & 16) != 0;
  if ((data[0] & 32) != 0) config.suffix_indicator = "@@";
  if ((data[0] & 64) != 0) config.sequence_length = 7;
  const std::string_view text = fuzz::text_of(data, size).substr(1);
  const auto tokenizer = std::make_shared<const BertTokenizer>(vocabulary, config);

  std::vector<std::int32_t> ids;
  const bool accepted = fuzz::accepts<std::invalid_argument>([&] { ids = tokenizer->tokenize(text); });
  fuzz::require(accepted == (unicode::find_invalid(text) == std::string_view::npos), "text is refused if and only if it is not UTF-8");
  if (!accepted) return 0;
  fuzz::require(std::ranges::all_of(ids, [](std::int32_t id) { return id >= 0 && id < vocabulary.size(); }), "ids lie in the vocabulary");
  fuzz::require(!config.sequence_length || ids.size() == 7, "a sequence_length is kept to");
  fuzz::require(config.sequence_length.has_value() || ids.size() <= 18 * text.size(), "no more pieces than folded bytes");
  fuzz::require(unicode::find_invalid(tokenizer->detokenize(ids)) == std::string_view::npos, "detokenized text is UTF-8");

  // One word, without anything that splits: by the definition.
  std::string word(text);
  if (config.strip_accents) word = unicode::strip_accents(word);
  const std::vector<std::string> words{word};
  const bool special = config.special_tokens_in_strings && config.split;
  if (!special && !config.sequence_length) {
    if (config.lowercase) word = unicode::nfkc_casefold(word);
    fuzz::require(tokenizer->tokenize_words(words) == pieces_of(vocabulary, word, config.suffix_indicator), "the longest tokens");
  }

  const BertTextClassifierPreprocessor preprocessor(tokenizer, {.sequence_length = 1 + data[0] % 12});
  const std::string_view halves[] = {text.substr(0, text.find('|')), text.substr(std::min(text.find('|'), text.size()))};
  for (const std::size_t segments : {1u, 2u}) {
    const TokenizedText packed = preprocessor.preprocess(std::span(halves, segments));
    fuzz::require(packed.token_ids.size() == packed.segment_ids.size(), "a segment id for each token");
    fuzz::require(
        packed.token_ids.size() <= static_cast<std::size_t>(std::max<std::int64_t>(1 + data[0] % 12, 1 + static_cast<std::int64_t>(segments))),
        "no more tokens than sequence_length, but for the special ones");
  }
  return 0;
}
