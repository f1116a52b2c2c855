// Fine-tuning on pairs of sentences and on numbers, with the columns of GLUE's files.
#include <array>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("expected '" << part << "' in: " << text);
  return found;
}

/// Pairs whose label the second sentence tells, good, bad or neither; the first one gives nothing away, so that a model that
/// does not see the second learns nothing. `labels` are those of bad, neither and good; one that is empty is left out.
std::string pairs(const std::string& header, int rows, const std::array<std::string, 3>& labels, bool label_first = false) {
  constexpr std::array<const char*, 3> kFirst{"very", "not", "."}, kSecond{"bad", "very", "good"};
  std::string text = header + "\n";
  for (int i = 0, written = 0; written < rows; ++i) {
    const auto first = static_cast<std::size_t>((i * 7 + i / 3) % 3), second = static_cast<std::size_t>((i * 5 + i / 7) % 3);
    if (labels[second].empty()) continue;
    const std::string sentences = std::string(i % 2 ? "the film is " : "the plot was ") + kFirst[first] + " .\t" +
                                  (i % 5 ? "the plot is " : "the film was ") + kSecond[second] + " .";
    text += label_first ? labels[second] + "\t1\t2\t" + sentences + "\n" : sentences + "\t" + labels[second] + "\n";
    ++written;
  }
  return text;
}

struct Workplace {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), train = (directory / "train.tsv").string(), dev = (directory / "dev.tsv").string(),
              output = (directory / "tuned").string();
  Workplace(const std::string& train_text, const std::string& dev_text) {
    write_tiny_preset(preset);
    write_text(train, train_text);
    write_text(dev, dev_text);
  }
  ProgramResult finetune(int epochs = 8, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{
        "finetune", "--preset",        preset, "--train", train, "--dev", dev, "--output", output, "--epochs", std::to_string(epochs), "--batch-size",
        "10",       "--learning-rate", "0.003"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(linnet_program(), arguments);
  }
  ProgramResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--preset", output});
    return run_program(linnet_program(), arguments);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(finetune_tasks)

BOOST_AUTO_TEST_CASE(pairs_of_two_classes_as_mrpc_has_them) {
  const std::string header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String";
  const std::array<std::string, 3> labels{"0", "", "1"};
  const Workplace place(pairs(header, 300, labels, true), pairs(header, 60, labels, true));
  const ProgramResult tuned = place.finetune();
  BOOST_TEST(tuned.code == 0, tuned.errors);
  BOOST_TEST(has(tuned.out, "dev accuracy 1.0000 (60 of 60)"));
  BOOST_TEST(place.run({"evaluate", "--data", place.dev}).out == "accuracy 1.0000 (60 of 60)\n");
  const ProgramResult asked = place.run({"predict", "--json", "--data", place.dev});
  const auto row = nlohmann::json::parse(asked.out.substr(0, asked.out.find('\n')));
  BOOST_TEST(row.contains("text_pair"));
}

BOOST_AUTO_TEST_CASE(pairs_of_three_named_classes_as_mnli_has_them) {
  const std::string header = "sentence1\tsentence2\tgold_label";
  const std::array<std::string, 3> labels{"contradiction", "neutral", "entailment"};
  const Workplace place(pairs(header, 450, labels), pairs(header, 60, labels));
  const ProgramResult tuned = place.finetune();
  BOOST_TEST(tuned.code == 0, tuned.errors);
  BOOST_TEST(has(tuned.errors, "3 classes"));
  // A model this small finds one of the classes soon and the other two late, in Keras as well.
  const auto record = nlohmann::json::parse(read_text(place.output + "/run.json"));
  BOOST_TEST(record["epochs"].back()["dev"]["accuracy"].get<double>() > 0.65);  // the largest class has 0.43
  const ProgramResult asked = place.run({"predict", "--json", "--data", place.dev});
  const auto row = nlohmann::json::parse(asked.out.substr(0, asked.out.find('\n')));
  for (const std::string& label : labels) BOOST_TEST(row["probabilities"].contains(label));
}

BOOST_AUTO_TEST_CASE(numbers_as_stsb_has_them) {
  const std::string header = "sentence1\tsentence2\tscore";
  const std::array<std::string, 3> labels{"0.25", "2.5", "4.750"};
  const Workplace place(pairs(header, 450, labels), pairs(header, 60, labels));
  const ProgramResult tuned = place.finetune(12, {"--regression"});
  BOOST_TEST(tuned.code == 0, tuned.errors);
  const auto epoch = nlohmann::json::parse(read_text(place.output + "/run.json"))["epochs"][11];
  BOOST_TEST(epoch["dev"]["pearson"].get<double>() > 0.95);
  BOOST_TEST(epoch["dev"]["loss"].get<double>() < 0.5);
  BOOST_TEST(!epoch.contains("train_accuracy"));
  const ProgramResult measured = place.run({"evaluate", "--data", place.dev});
  BOOST_TEST(has(measured.out, "pearson 0.9"));
  BOOST_TEST(has(measured.out, "(60 examples)"));

  const ProgramResult json = place.run({"predict", "--json", "--data", place.dev}), plain = place.run({"predict", "--data", place.dev});
  const auto row = nlohmann::json::parse(json.out.substr(0, json.out.find('\n')));
  BOOST_TEST(row.size() == 3u);  // text, text_pair, value
  BOOST_TEST(std::abs(row["value"].get<double>() - std::stod(plain.out)) < 1e-3);
}

BOOST_AUTO_TEST_CASE(labels_that_do_not_suit_the_task_are_refused) {
  const Workplace place("sentence\tlabel\nthe film\t0\nthe plot\t0\n", "sentence\tlabel\nthe film\tgood\n");
  ProgramResult result = place.finetune(1);
  BOOST_TEST(result.code == 1);
  BOOST_TEST(has(result.errors, "train.tsv: labels must name two classes at least, got one (numbers to predict: --regression)"));
  result = place.finetune(1, {"--regression"});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(has(result.errors, "dev.tsv:2: label must be a number, got 'good'"));
  write_text(place.train, "sentence\nthe film\n");
  BOOST_TEST(has(place.finetune(1, {"--regression"}).errors, "train.tsv: must have a label column, got none"));
}

BOOST_AUTO_TEST_SUITE_END()
