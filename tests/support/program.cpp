#include "tests/support/program.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "framework/core/random.h"
#include "framework/io/atomic_file.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/temporary_directory.h"

namespace linnet::testing {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

const std::vector<std::string> kWords{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "film", "plot",
                                      "is",    "was",   "very",  "not",   "good",   "bad", "."};

}  // namespace

ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  std::string command = quoted(program);
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command += " < /dev/null > " + quoted((directory / "out").string()) + " 2> " + quoted((directory / "errors").string());
  const int status = std::system(command.c_str());
  ProgramResult result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_text(directory / "out");
  result.errors = read_text(directory / "errors");
  return result;
}

void write_tiny_preset(const std::filesystem::path& directory, const std::vector<std::string>& label_names) {
  set_seed(3);
  Vocabulary vocabulary(kWords);
  const std::int64_t words = vocabulary.size();
  const auto tokenizer = std::make_shared<const BertTokenizer>(std::move(vocabulary), BertTokenizer::Config{.lowercase = true});
  BertTextClassifier model(
      {.backbone = {.vocabulary_size = words, .num_layers = 1, .num_heads = 2, .hidden_dim = 16, .intermediate_dim = 32, .max_sequence_length = 16},
       .num_classes = static_cast<std::int64_t>(label_names.size())});
  model.set_preprocessor(
      std::make_shared<const BertTextClassifierPreprocessor>(tokenizer, BertTextClassifierPreprocessor::Config{.sequence_length = 16}));
  model.set_label_names(label_names);
  model.save_to_preset(directory);
}

void write_tiny_vocabulary(const std::filesystem::path& file) {
  std::string lines;
  for (const std::string& word : kWords) lines += word + "\n";
  write_text(file, lines);
}

void write_tiny_reviews(const std::filesystem::path& file, int rows) {
  std::string text = "sentence\tlabel\n";
  const char* subjects[] = {"the film", "the plot", "the very film", "the film plot", "plot"};
  for (int i = 0; i < rows; ++i) {
    const bool good = (i * 7 + 3) % 5 < 2 || i % 2 == 0;
    text += std::string(subjects[i % 5]) + (i % 3 ? " is " : " was ") + (i % 4 ? "" : "very ") + (good ? "good" : "bad") + " .\t" +
            (good ? "1" : "0") + "\n";
  }
  write_text(file, text);
}

}  // namespace linnet::testing
