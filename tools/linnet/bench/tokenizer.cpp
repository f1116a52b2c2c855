#include <filesystem>
#include <nlohmann/json.hpp>

#include "framework/config/flags.h"
#include "models/bert/bert_tokenizer.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string vocab = "vocab.txt", texts;
  double seconds = 2;
  bool lowercase = true, strip_accents = false;
  void fields(FieldVisitor& field) {
    field("vocab", vocab, "BERT's vocabulary, a token a line");
    field("texts", texts, "what to tokenize: a text a line, or a .tsv file with a header line");
    field("seconds", seconds, "how long to repeat");
    field("lowercase", lowercase, "fold case, as uncased models do");
    field("strip_accents", strip_accents, "take accents off");
  }
};

}  // namespace

int bench_tokenizer(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet bench tokenizer", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times BERT's tokenizer on one thread: text in, ids out."});
  check(!options.texts.empty(), "--texts: must name a file, got nothing");
  const TextDataset data = read_texts(options.texts);
  const BertTokenizer tokenizer(Vocabulary::load(options.vocab), {.lowercase = options.lowercase, .strip_accents = options.strip_accents});
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    texts.push_back(data.at(i).text);
    bytes += texts.back().size();
  }
  use_threads(1);
  std::size_t tokens = 0;
  const Timing timing = measure_calls(
      [&] {
        tokens = 0;
        for (const std::string& text : texts) tokens += tokenizer.tokenize(text).size();
      },
      options.seconds);
  const auto per_second = [&](double count) { return std::round(count / timing.best); };
  print_case({{"case", cat("tokenizer ", std::filesystem::path(options.texts).filename().string())}, {"task", "tokenize"}, {"dtype", "text"}}, timing,
             {{"texts", texts.size()},
              {"tokens", tokens},
              {"mb_per_second", std::round(static_cast<double>(bytes) / timing.best / 1e4) / 100},
              {"tokens_per_second", per_second(static_cast<double>(tokens))}});
  return 0;
}

}  // namespace linnet::tool
