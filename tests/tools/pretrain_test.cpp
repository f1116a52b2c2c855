// linnet pretrain and embed, as a user runs them.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/io/atomic_file.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/support/golden.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Workplace {
  TemporaryDirectory directory;
  std::string vocabulary = (directory / "vocabulary.txt").string(), train = (directory / "train.tsv").string(),
              dev = (directory / "dev.tsv").string(), output = (directory / "pretrained").string();
  Workplace() {
    write_tiny_vocabulary(vocabulary);
    write_tiny_reviews(train, 300);
    write_tiny_reviews(dev, 50);
  }
  ProgramResult pretrain(int epochs, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"pretrain",
                                       "--vocabulary",
                                       vocabulary,
                                       "--train",
                                       train,
                                       "--dev",
                                       dev,
                                       "--output",
                                       output,
                                       "--epochs",
                                       std::to_string(epochs),
                                       "--hidden-dim",
                                       "32",
                                       "--intermediate-dim",
                                       "128",
                                       "--batch-size",
                                       "10",
                                       "--learning-rate",
                                       "0.003"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(linnet_program(), arguments);
  }
  nlohmann::json epochs() const { return nlohmann::json::parse(read_text(output + "/run.json")).at("epochs"); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void check_fails(const std::vector<std::string>& arguments, const std::string& text) {
  const ProgramResult result = run_program(linnet_program(), arguments);
  BOOST_TEST(result.code == 1);
  BOOST_TEST(has(result.errors, text), "expected '" << text << "' in: " << result.errors);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pretrain)

BOOST_AUTO_TEST_CASE(the_loss_falls_from_epoch_to_epoch_and_the_model_is_saved) {
  const Workplace place;
  const ProgramResult result = place.pretrain(8);
  BOOST_TEST(result.code == 0, result.errors);
  BOOST_TEST(has(result.errors, "300 texts, 15 tokens"));
  BOOST_TEST(has(result.out, "saved to " + place.output));
  const nlohmann::json epochs = place.epochs();
  BOOST_REQUIRE(epochs.size() == 8);
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    BOOST_TEST(epochs[i]["train_loss"].get<double>() < epochs[i - 1]["train_loss"].get<double>());
    BOOST_TEST(epochs[i]["dev"]["loss"].get<double>() < epochs[i - 1]["dev"]["loss"].get<double>());
  }
  BOOST_TEST(epochs[0]["train_loss"].get<double>() > 0.7 * std::log(15));  // it starts from nothing
  BOOST_TEST(epochs[7]["dev"]["loss"].get<double>() < 1.3);
  const auto model = BertMaskedLM::from_preset(place.output);
  BOOST_TEST(model->config().backbone.hidden_dim == 32);
  BOOST_TEST(model->preprocessor().config().sequence_length == 128);

  // A fine-tuning starts from it, and so does another pretraining, which goes on where this one ended.
  const std::string again = place.output + "2";
  BOOST_TEST(run_program(linnet_program(), {"finetune", "--preset", place.output, "--train", place.train, "--output", again}).code == 0);
  BOOST_TEST(run_program(linnet_program(), {"pretrain", "--preset", place.output, "--train", place.train, "--dev", place.dev, "--output", again,
                                            "--learning-rate", "1e-30"})
                 .code == 0);
  const auto record = nlohmann::json::parse(read_text(again + "/run.json"));
  BOOST_TEST(record["epochs"][0]["dev"]["loss"].get<double>() == epochs[7]["dev"]["loss"].get<double>(), boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_weights_for_any_number_of_threads) {
  const Workplace place;
  std::vector<std::string> weights;
  for (const char* threads : {"1", "2"}) {
    BOOST_TEST(place.pretrain(1, {"--threads", threads, "--seed", "5"}).code == 0);
    weights.push_back(read_text(place.output + "/model.weights.h5"));
  }
  BOOST_TEST((weights[0] == weights[1]));
  BOOST_TEST(place.pretrain(1, {"--seed", "6"}).code == 0);
  BOOST_TEST((weights[0] != read_text(place.output + "/model.weights.h5")));
}

BOOST_AUTO_TEST_CASE(plain_text_trains_as_well_and_options_are_obeyed) {
  const Workplace place;
  const std::string plain = (place.directory / "plain.txt").string();
  write_text(plain, "the film is good .\n\nthe plot was bad .\n");
  const std::vector<std::string> base{"pretrain", "--vocabulary", place.vocabulary, "--train", plain, "--output", place.output};
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    const ProgramResult result = run_program(linnet_program(), more);
    BOOST_TEST(result.code == 0, result.errors);
    return result;
  };
  BOOST_TEST(has(run({"--num-layers", "1", "--num-heads", "4", "--hidden-dim", "16", "--intermediate-dim", "24", "--sequence-length", "9",
                      "--mask-selection-rate", "1", "--no-lowercase"})
                     .errors,
                 "2 texts, 15 tokens"));
  const auto model = BertMaskedLM::from_preset(place.output);
  const BertBackbone::Config& config = model->config().backbone;
  BOOST_TEST(config.num_layers == 1);
  BOOST_TEST(config.num_heads == 4);
  BOOST_TEST(config.hidden_dim == 16);
  BOOST_TEST(config.intermediate_dim == 24);
  BOOST_TEST(model->preprocessor().config().sequence_length == 9);
  BOOST_TEST(model->preprocessor().config().mask_selection_rate == 1);
  BOOST_TEST(!model->preprocessor().tokenizer().config().lowercase);
}

BOOST_AUTO_TEST_CASE(wrong_uses_say_what_helps) {
  const Workplace place;
  check_fails({"pretrain", "--train", place.train, "--output", place.output},
              "--preset: either it must name where to start or --vocabulary a file, got neither");
  check_fails({"pretrain", "--preset", "x", "--vocabulary", "y", "--train", place.train, "--output", place.output}, "got both");
  check_fails({"pretrain", "--vocabulary", place.vocabulary, "--output", place.output}, "--train: must name a file of texts, got nothing");
  check_fails({"pretrain", "--vocabulary", place.vocabulary, "--train", place.train}, "--output: must name a directory, got nothing");
  const std::vector<std::string> whole{"pretrain", "--vocabulary", place.vocabulary, "--train", place.train, "--output", place.output};
  const auto fails = [&](const std::string& name, const std::string& value, const std::string& text) {
    std::vector<std::string> arguments = whole;
    arguments.insert(arguments.end(), {name, value});
    check_fails(arguments, text);
  };
  fails("--epochs", "0", "--epochs: must be positive, got 0");
  fails("--learning-rate", "0", "--learning-rate: must be positive, got 0");
  fails("--warmup", "-1", "--warmup: must lie in [0, 1), got -1");
  fails("--mask-selection-rate", "0", "--mask-selection-rate: must be positive, got 0");
  fails("--mask-selection-rate", "2", "mask_selection_rate");
  fails("--seed", "-1", "--seed: must not be negative, got -1");
  fails("--hidden-dim", "0", "hidden_dim must be positive, got 0");
  check_fails({"embed", "word"}, "--preset: must name an encoder, got nothing");
  check_fails({"embed", "--preset", place.output}, "embed: there must be sentences, got none");
}

BOOST_AUTO_TEST_CASE(sentences_become_vectors) {
  const Workplace place;
  const std::string preset = (place.directory / "preset").string(), lines = (place.directory / "lines.txt").string();
  write_tiny_preset(preset);
  write_text(lines, "the film is good .\nThe plot\n");
  const auto embed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"embed", "--preset", preset};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run_program(linnet_program(), arguments);
    BOOST_TEST(result.code == 0, result.errors);
    std::vector<nlohmann::json> rows;
    std::istringstream out(result.out);
    for (std::string line; std::getline(out, line);) rows.push_back(nlohmann::json::parse(line));
    return rows;
  };
  const auto rows = embed({"--data", lines, "bad"});
  BOOST_REQUIRE(rows.size() == 3);
  BOOST_TEST(rows[1]["text"] == "The plot");
  const auto model = BertTextEmbedder::from_preset(preset);
  const std::vector<std::vector<std::string>> texts{{"the film is good ."}, {"The plot"}, {"bad"}};
  const std::vector<double> expected = model->forward(model->preprocessor().preprocess_batch(texts)).to_vector();
  for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(std::abs(rows[i / 16]["embedding"][i % 16].get<double>() - expected[i]) < 1e-6);
  for (const std::vector<std::string>& other : {std::vector<std::string>{"--pooling-mode", "cls"}, {"--activation", "relu"}})
    BOOST_TEST(embed({other[0], other[1], "the film"})[0]["embedding"] != embed({"the film"})[0]["embedding"]);
  BOOST_TEST(embed({"--strip-accents", "th\xC3\xA9 film"})[0]["embedding"] == embed({"the film"})[0]["embedding"]);
  BOOST_TEST(embed({"th\xC3\xA9 film"})[0]["embedding"] != embed({"the film"})[0]["embedding"]);
}

BOOST_AUTO_TEST_CASE(a_tiny_model_learns_sst2_text_steadily) {
  const std::filesystem::path shared = source_directory().parent_path() / "shared";
  const std::filesystem::path data = shared / "sst2" / "train.tsv", vocabulary = shared / "fixtures" / "vocab" / "bert_en_uncased.txt";
  if (!std::filesystem::exists(data) || !std::filesystem::exists(vocabulary)) {
    std::cout << "skipped: pretrain: no " << data << " or " << vocabulary << '\n';
    return;
  }
  const Workplace place;
  std::istringstream in(read_text(data));
  std::string text;
  int count = 0;
  for (std::string line; count < 1601 && std::getline(in, line); ++count) text += line + "\n";
  write_text(place.train, text);
  const ProgramResult result = run_program(
      linnet_program(), {"pretrain", "--vocabulary", vocabulary.string(), "--train", place.train, "--output", place.output, "--hidden-dim", "32",
                         "--intermediate-dim", "64", "--num-layers", "1", "--epochs", "4", "--learning-rate", "0.003"});
  BOOST_TEST(result.code == 0, result.errors);
  const nlohmann::json epochs = place.epochs();
  for (std::size_t i = 1; i < epochs.size(); ++i) BOOST_TEST(epochs[i]["train_loss"].get<double>() < epochs[i - 1]["train_loss"].get<double>());
  BOOST_TEST(epochs[3]["train_loss"].get<double>() < 0.8 * epochs[0]["train_loss"].get<double>());
}

BOOST_AUTO_TEST_SUITE_END()
