#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
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

/// A directory with a preset and reviews to train and measure on.
struct Workplace {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), train = (directory / "train.tsv").string(), dev = (directory / "dev.tsv").string(),
              output = (directory / "tuned").string();
  Workplace() {
    write_tiny_preset(preset);
    write_tiny_reviews(train, 300);
    write_tiny_reviews(dev, 50);
  }
  ProgramResult finetune(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"finetune", "--preset", preset, "--train",      train, "--dev",           dev,    "--output",
                                       output,     "--epochs", "6",    "--batch-size", "10",  "--learning-rate", "0.003"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(linnet_program(), arguments);
  }
};

/// A wrong use ends with `code` and says `text` on standard error, and nothing else happens.
void check_fails(const std::vector<std::string>& arguments, int code, const std::string& text) {
  const ProgramResult result = run_program(linnet_program(), arguments);
  BOOST_TEST(result.code == code);
  BOOST_TEST(has(result.errors, text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(a_model_is_fine_tuned_saved_measured_and_asked) {
  const Workplace place;
  const ProgramResult tuned = place.finetune();
  BOOST_TEST(tuned.code == 0);
  BOOST_TEST(has(tuned.errors, "epoch 6/6 300/300  loss"));
  BOOST_TEST(has(tuned.out, "dev accuracy 1.0000 (50 of 50)"));
  const auto record = nlohmann::json::parse(read_text(place.output + "/run.json"));
  BOOST_TEST(record["flags"]["learning_rate"] == 0.003);
  BOOST_TEST(record["epochs"].size() == 6u);
  BOOST_TEST(record["epochs"][5]["dev"]["correct"] == 50);

  const ProgramResult measured = run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev});
  BOOST_TEST(measured.code == 0);
  BOOST_TEST(measured.out == "accuracy 1.0000 (50 of 50)\n");

  const ProgramResult asked =
      run_program(linnet_program(), {"predict", "--preset", place.output, "--json", "the film is good .", "the plot was bad ."});
  BOOST_TEST(asked.code == 0);
  std::istringstream lines(asked.out);
  std::string line;
  for (const char* label : {"1", "0"}) {
    BOOST_TEST_REQUIRE(!!std::getline(lines, line));
    const auto answer = nlohmann::json::parse(line);
    BOOST_TEST(answer["label"] == label);
    BOOST_TEST(answer["probabilities"][label].get<double>() > 0.5);
    BOOST_TEST(answer["logits"].size() == 2u);
  }
  const ProgramResult plain = run_program(linnet_program(), {"predict", "--preset", place.output, "--data", place.dev});
  BOOST_TEST(std::count(plain.out.begin(), plain.out.end(), '\n') == 50);
}

BOOST_AUTO_TEST_CASE(the_best_weights_met_are_saved_when_they_are_looked_for) {
  const Workplace place;
  const ProgramResult best = run_program(
      linnet_program(), {"finetune", "--preset", place.preset, "--train", place.train, "--dev", place.dev, "--output", place.output, "--epochs", "3",
                         "--learning-rate", "0.3", "--warmup", "0.9", "--evaluate-every", "2"});  // far too fast: it ends worse than it was
  BOOST_TEST_REQUIRE(best.code == 0, best.errors);
  const std::size_t at = best.out.find("best after step ");
  BOOST_TEST_REQUIRE(at != std::string::npos);
  const std::string line = best.out.substr(at, best.out.find('\n', at) - at);
  const std::string accuracy = line.substr(line.find("accuracy"));
  BOOST_TEST(std::stoi(line.substr(16)) < 30);
  BOOST_TEST(run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev}).out == accuracy + "\n");
  const std::string with_epochs = run_program(linnet_program(), {"finetune", "--preset", place.preset, "--train", place.train, "--dev", place.dev,
                                                                 "--output", place.output, "--evaluate-every", "1000"})
                                      .out;
  BOOST_TEST(with_epochs.find("best after step 10: dev") != std::string::npos, with_epochs);  // the end of an epoch counts as well
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--evaluate-every", "2"}, 1,
              "--evaluate-every: must come with --dev, got it alone");
}

BOOST_AUTO_TEST_CASE(batches_may_be_bounded_by_tokens_in_training_and_in_answers) {
  const Workplace place;
  const ProgramResult tuned = place.finetune({"--tokens-per-batch", "40"});
  BOOST_TEST_REQUIRE(tuned.code == 0, tuned.errors);
  const auto record = nlohmann::json::parse(read_text(place.output + "/run.json"));
  BOOST_TEST(record["flags"]["tokens_per_batch"] == 40);
  BOOST_TEST(has(tuned.errors, "epoch 6/6 300/300"));
  BOOST_TEST(!has(tuned.errors, " 180 steps,"));  // 6 epochs of 30 batches of 10
  const std::vector<std::string> ask{"predict", "--preset", place.output, "--threads", "1", "--data", place.dev, "--tokens-per-batch"};
  std::vector<std::string> answers;
  for (const char* tokens : {"0", "20", "1"}) {
    std::vector<std::string> arguments = ask;
    arguments.push_back(tokens);
    answers.push_back(run_program(linnet_program(), arguments).out);
  }
  BOOST_TEST(std::count(answers[0].begin(), answers[0].end(), '\n') == 50);
  BOOST_TEST(answers[1] == answers[0]);  // in the order of the file, whatever the batches
  BOOST_TEST(answers[2] == answers[0]);
  BOOST_TEST(run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev, "--tokens-per-batch", "15"}).out ==
             run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev}).out);
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_weights_for_any_number_of_threads) {
  const Workplace place;
  std::vector<std::string> weights;
  for (const char* threads : {"1", "2", "2"}) {
    BOOST_TEST(place.finetune({"--threads", threads, "--seed", "5"}).code == 0);
    weights.push_back(read_text(place.output + "/model.weights.h5"));
  }
  BOOST_TEST((weights[0] == weights[1]));
  BOOST_TEST((weights[1] == weights[2]));
  BOOST_TEST(place.finetune({"--seed", "6"}).code == 0);
  BOOST_TEST((weights[0] != read_text(place.output + "/model.weights.h5")));
}

BOOST_AUTO_TEST_CASE(checkpoints_change_no_weight_and_layer_decay_does) {
  const Workplace place;
  const auto weights_with = [&](const std::vector<std::string>& flags) {
    const ProgramResult tuned = place.finetune(flags);
    BOOST_TEST(tuned.code == 0);
    return read_text(place.output + "/model.weights.h5");
  };
  const std::string plain = weights_with({});
  BOOST_TEST((weights_with({"--checkpoint-activations"}) == plain));
  BOOST_TEST((weights_with({"--layer-decay", "1"}) == plain));
  BOOST_TEST((weights_with({"--layer-decay", "0.5"}) != plain));
}

BOOST_AUTO_TEST_CASE(models_are_trained_and_used_in_other_dtypes) {
  const Workplace place;
  for (const char* dtype : {"mixed_bfloat16", "mixed_float16"}) {
    const ProgramResult tuned = place.finetune({"--dtype", dtype});
    BOOST_TEST(tuned.code == 0);
    BOOST_TEST(has(tuned.out, "dev accuracy 1.0000 (50 of 50)"));
    BOOST_TEST(nlohmann::json::parse(read_text(place.output + "/run.json"))["flags"]["dtype"] == dtype);
    BOOST_TEST(has(read_text(place.output + "/config.json"), dtype));
  }
  std::vector<std::string> answers;
  for (const char* dtype : {"float32", "bfloat16", "float16"}) {
    const ProgramResult measured = run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev, "--dtype", dtype});
    BOOST_TEST(measured.out == "accuracy 1.0000 (50 of 50)\n");
    answers.push_back(run_program(linnet_program(), {"predict", "--preset", place.output, "--json", "--dtype", dtype, "the film is good ."}).out);
    BOOST_TEST(has(answers.back(), "\"label\":\"1\""));
  }
  BOOST_TEST(answers[0] != answers[1]);  // the logits have fewer digits
  BOOST_TEST(answers[0] != answers[2]);
  check_fails({"predict", "--preset", place.preset, "--dtype", "float8", "good"}, 2,
              "dtype policy: must be float32, float64, bfloat16, float16, mixed_bfloat16 or mixed_float16, got 'float8'");
}

BOOST_AUTO_TEST_CASE(label_names_stay_with_the_model_and_a_fitting_head_is_kept) {
  const Workplace place;
  write_text(place.train, "sentence\tlabel\nthe film is good\tlike\nthe film is bad\tdislike\n");
  BOOST_TEST(run_program(linnet_program(), {"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output}).code == 0);
  const ProgramResult asked = run_program(linnet_program(), {"predict", "--preset", place.output, "--json", "good"});
  BOOST_TEST(has(asked.out, "\"like\""));
  // Once more from the result, with a learning rate of nearly nothing: the head's answers stay.
  const std::string again = place.output + "2";
  BOOST_TEST(
      run_program(linnet_program(), {"finetune", "--preset", place.output, "--train", place.train, "--output", again, "--learning-rate", "1e-30"})
          .code == 0);
  BOOST_TEST(run_program(linnet_program(), {"predict", "--preset", again, "--json", "good"}).out == asked.out);
}

BOOST_AUTO_TEST_CASE(low_rank_factors_are_trained_and_saved_beside_the_merged_model) {
  const Workplace place;
  const ProgramResult tuned = place.finetune({"--lora-rank", "4"});
  BOOST_TEST(tuned.code == 0);
  BOOST_TEST(has(tuned.errors, "trained)"));
  const ProgramResult measured = run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev});
  BOOST_TEST(has(tuned.out, measured.out.substr(0, measured.out.find('\n'))));  // the merged model answers as the trained one
  const Hdf5File adapter(place.output + "/adapter.lora.h5");
  BOOST_TEST(adapter.children("lora").size() == 3u);  // query, value and vars
  BOOST_TEST(adapter.read("lora/vars/rank").item() == 4);
  // Only what the factors change differs: the frozen layers are those of the start.
  const Hdf5File before(place.preset + "/model.weights.h5"), after(place.output + "/model.weights.h5");
  const std::string attention = "layers/transformer_encoder/_self_attention_layer/";
  for (const char* same : {"key_dense/vars/0", "key_dense/vars/1", "output_dense/vars/0"})
    BOOST_TEST(before.read(attention + same).to_vector() == after.read(attention + same).to_vector(), boost::test_tools::per_element());
  for (const char* other : {"query_dense/vars/0", "query_dense/vars/1", "value_dense/vars/0"})
    BOOST_TEST((before.read(attention + other).to_vector() != after.read(attention + other).to_vector()));

  BOOST_TEST(place.finetune({"--lora-rank", "2", "--lora-targets", "feedforward_output_dense"}).code == 0);
  BOOST_TEST(Hdf5File(place.output + "/adapter.lora.h5").children("lora").size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_preset_is_quantized_measured_and_asked) {
  const Workplace place;
  const std::string small = (place.directory / "small").string();
  BOOST_TEST(place.finetune().code == 0);
  const ProgramResult made = run_program(linnet_program(), {"quantize", "--preset", place.output, "--output", small});
  BOOST_TEST(made.code == 0);
  BOOST_TEST(made.out == "saved to " + small + "\n");
  BOOST_TEST(run_program(linnet_program(), {"evaluate", "--preset", small, "--data", place.dev}).out == "accuracy 1.0000 (50 of 50)\n");
  BOOST_TEST(has(run_program(linnet_program(), {"predict", "--preset", small, "the film is good ."}).out, "1\t"));
  check_fails({"quantize", "--preset", small, "--output", small + "2"}, 1, "quantize must come once, got 'token_embedding' that is int8 already");
  check_fails({"finetune", "--preset", small, "--train", place.train, "--output", small + "2"}, 1,
              "int8 weights are for inference, got a tape that would record them");
}

BOOST_AUTO_TEST_CASE(help_and_version_explain_themselves) {
  const ProgramResult help = run_program(linnet_program(), {"--help"});
  BOOST_TEST(help.code == 0);
  for (const char* command : {"finetune", "evaluate", "predict", "embed", "pretrain", "quantize"}) {
    BOOST_TEST(has(help.out, command));
    const ProgramResult own = run_program(linnet_program(), {command, "--help"});
    BOOST_TEST(own.code == 0);
    BOOST_TEST(has(own.out, "--preset TEXT"));
  }
  BOOST_TEST(has(run_program(linnet_program(), {"--version"}).out, "linnet 0."));
}

BOOST_AUTO_TEST_CASE(wrong_uses_say_what_where_and_how_to_mend_it) {
  const Workplace place;
  const std::string nowhere = (place.directory / "nowhere").string(), empty = (place.directory / "empty.tsv").string(),
                    bad = (place.directory / "bad.tsv").string();
  write_text(empty, "");
  check_fails({}, 2, "Usage: linnet COMMAND");
  check_fails({"finetun"}, 2, "the command must be one of those below, got 'finetun'");
  check_fails({"finetune", "--epoch", "3"}, 2, "--epoch");
  check_fails({"finetune", "--epochs", "many"}, 2, "--epochs");
  check_fails({"finetune", "--train", place.train, "--output", place.output}, 1, "--preset: must name where to start, got nothing");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--batch-size", "0"}, 1,
              "batch_size must be positive, got 0");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--warmup", "2"}, 1,
              "--warmup: must lie in [0, 1), got 2");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--layer-decay", "0"}, 1,
              "--layer-decay: must lie in (0, 1], got 0");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--lora-rank", "0"}, 1,
              "--lora-rank: must be positive, got 0");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--lora-targets", "query"}, 1,
              "--lora-targets: must come with --lora-rank, got it alone");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--lora-rank", "2", "--lora-targets", "quary"},
              1, "the targets of lora must name Dense, EinsumDense or embedding layers, got quary");
  check_fails({"quantize", "--output", place.output}, 1, "--preset: must name what to quantize, got nothing");
  check_fails({"quantize", "--preset", place.preset}, 1, "--output: must name a directory, got nothing");
  check_fails({"finetune", "--preset", nowhere, "--train", place.train, "--output", place.output}, 1, nowhere);
  check_fails({"finetune", "--preset", place.preset, "--train", nowhere, "--output", place.output}, 1, nowhere + ": must be a file");
  check_fails({"finetune", "--preset", place.preset, "--train", empty, "--output", place.output}, 1, empty + ": must begin with a header line");
  write_text(bad, "sentence\tlabel\ngood\n");
  check_fails({"finetune", "--preset", place.preset, "--train", bad, "--output", place.output}, 1,
              bad + ":2: a row must have 2 columns as the header, got 1");
  write_text(bad, "sentence\tlabel\n\xff\xfe\t1\n");
  check_fails({"finetune", "--preset", place.preset, "--train", bad, "--output", place.output}, 1, bad + ":2: text must be UTF-8");
  write_text(bad, "phrase\tlabel\nx\t1\n");
  check_fails({"finetune", "--preset", place.preset, "--train", bad, "--output", place.output}, 1, ":1: the header must name a text column");
  write_text(bad, "sentence\tlabel\nx\t2\n");
  check_fails({"evaluate", "--preset", place.preset, "--data", bad}, 1, bad + ":2: label must be one of 0, 1, got '2'");
  check_fails({"predict", "--preset", place.preset}, 1, "predict: there must be sentences, got none");
  check_fails({"finetune", "--preset", place.preset, "--train", place.train, "--output", place.output, "--sequence-length", "0"}, 1,
              "sequence_length");
  const std::string weights = read_text(place.preset + "/model.weights.h5");
  write_text(place.preset + "/model.weights.h5", weights.substr(0, weights.size() / 2));
  check_fails({"predict", "--preset", place.preset, "good"}, 1, "model.weights.h5");
  std::filesystem::remove(place.preset + "/model.weights.h5");
  check_fails({"predict", "--preset", place.preset, "good"}, 1, "model.weights");
  write_text(place.preset + "/config.json", "{\"module\": ");
  check_fails({"predict", "--preset", place.preset, "good"}, 1, "config.json");
}

BOOST_AUTO_TEST_CASE(the_one_page_training_loop_runs) {
  const Workplace place;
  const ProgramResult result =
      run_program(finetune_sst2_example(), {"--preset", place.preset, "--data", place.directory.path().string(), "--output", place.output, "--epochs",
                                            "6", "--batch-size", "10", "--learning-rate", "0.003"});
  BOOST_TEST(result.code == 0);
  BOOST_TEST(has(result.out, "step 100 loss"));
  BOOST_TEST(has(result.out, "epoch 5 dev accuracy 1"));
  BOOST_TEST(run_program(linnet_program(), {"evaluate", "--preset", place.output, "--data", place.dev}).out == "accuracy 1.0000 (50 of 50)\n");
}

BOOST_AUTO_TEST_SUITE_END()
