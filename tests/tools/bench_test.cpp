#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/io/atomic_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;
using Json = nlohmann::json;

namespace {

/// The cases that `linnet bench …` printed. Every line must say what was measured, how fast, and by which kernels.
std::vector<Json> cases(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bench");
  const ProgramResult result = run_program(linnet_program(), arguments);
  BOOST_TEST_REQUIRE(result.code == 0, result.errors);
  std::vector<Json> found;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    found.push_back(Json::parse(line));
    BOOST_TEST(found.back()["peer"] == "linnet");
    BOOST_TEST(found.back()["min_ms"].get<double>() > 0);
    BOOST_TEST(found.back()["median_ms"].get<double>() >= found.back()["min_ms"].get<double>());
    for (const char* key : {"case", "task", "dtype", "threads", "allocations_per_step", "peak_rss_mb", "blas", "isa"})
      BOOST_TEST(found.back().contains(key), key);
  }
  return found;
}

void check_refused(std::vector<std::string> arguments, const std::string& text) {
  arguments.insert(arguments.begin(), "bench");
  const ProgramResult result = run_program(linnet_program(), arguments);
  BOOST_TEST(result.code != 0);
  BOOST_TEST((result.errors.find(text) != std::string::npos), result.errors);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bench)

BOOST_AUTO_TEST_CASE(encoder_measures_each_shape_and_takes_no_block_after_the_first_steps) {
  for (const char* task : {"infer", "train"}) {
    const std::vector<Json> found = cases({"encoder", "--model", "tiny", "--task", task, "--shapes", "1x4,2x8", "--threads", "1", "--seconds", "0"});
    BOOST_TEST_REQUIRE(found.size() == 2u);
    BOOST_TEST(found[0]["case"] == "1x4");
    BOOST_TEST(found[1]["case"] == "2x8");
    BOOST_TEST(found[1]["task"] == task);
    BOOST_TEST(found[1]["threads"] == 1);
    BOOST_TEST(found[1]["gflops"].get<double>() > 0);
    BOOST_TEST(found[1]["allocations_per_step"] == 0.0);
  }
}

BOOST_AUTO_TEST_CASE(recomputed_activations_are_marked_and_for_training_alone) {
  const std::vector<Json> found =
      cases({"encoder", "--model", "tiny", "--task", "train", "--shapes", "2x8", "--checkpoint-activations", "--seconds", "0"});
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0]["checkpoint_activations"] == true);
  check_refused({"encoder", "--model", "tiny", "--checkpoint-activations"},
                "--checkpoint-activations: must come with --task train, got it with infer");
}

BOOST_AUTO_TEST_CASE(the_tokenizer_is_measured_on_texts_of_a_file) {
  const TemporaryDirectory directory;
  write_tiny_vocabulary(directory / "vocab.txt");
  write_text(directory / "texts.txt", "The film is good.\nplot unknown\n");
  const std::vector<Json> found =
      cases({"tokenizer", "--vocab", (directory / "vocab.txt").string(), "--texts", (directory / "texts.txt").string(), "--seconds", "0"});
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0]["texts"] == 2);
  BOOST_TEST(found[0]["tokens"] == 7);
  BOOST_TEST(found[0]["mb_per_second"].get<double>() >= 0);
  check_refused({"tokenizer"}, "--texts: must name a file, got nothing");
}

BOOST_AUTO_TEST_CASE(int8_is_measured_as_the_others) {
  const std::vector<Json> found = cases({"encoder", "--model", "tiny", "--dtype", "int8", "--shapes", "2x8", "--threads", "1", "--seconds", "0"});
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0]["dtype"] == "int8");
  BOOST_TEST(found[0]["allocations_per_step"] == 0.0);
}

BOOST_AUTO_TEST_CASE(sst2_computes_real_tokens_alone) {
  const TemporaryDirectory directory;
  write_tiny_preset(directory / "preset");
  for (const char* name : {"train.tsv", "dev.tsv"}) write_tiny_reviews(directory / name, 40);
  const std::string vocabulary = (directory / "preset" / "assets" / "tokenizer" / "vocabulary.txt").string();
  for (const char* order : {"sorted", "file"}) {
    const std::vector<Json> found = cases({"sst2", "--model", "tiny", "--sst2", (directory / "").string(), "--vocab", vocabulary, "--order", order});
    BOOST_TEST_REQUIRE(found.size() == 1u);
    BOOST_TEST(found[0]["case"] == std::string("sst2-") + order);
    BOOST_TEST(found[0]["sentences"] == 40);
    BOOST_TEST(found[0]["padded_rows"] == 0);
    BOOST_TEST(found[0]["allocations_per_step"] == 0.0);
  }
  const std::vector<Json> trained = cases(
      {"sst2", "--model", "tiny", "--sst2", (directory / "").string(), "--vocab", vocabulary, "--task", "train", "--limit", "10", "--batch", "4"});
  BOOST_TEST(trained.at(0)["case"] == "sst2");
  BOOST_TEST(trained.at(0)["sentences"] == 10);
}

BOOST_AUTO_TEST_CASE(a_larger_vocabulary_takes_more_memory) {
  const auto peak = [](const char* rows) {
    return cases({"encoder", "--model", "tiny", "--vocabulary", rows, "--shapes", "1x4", "--threads", "1", "--seconds", "0"})
        .at(0)["peak_rss_mb"]
        .get<int>();
  };
  BOOST_TEST(peak("200000") > peak("1000") + 80);  // 102 MB of weights against half a MB
}

BOOST_AUTO_TEST_CASE(gemm_measures_each_backend) {
  const std::vector<Json> found = cases({"gemm", "--shapes", "8x16x4,3x5x7", "--threads", "1", "--seconds", "0"});
  std::vector<std::string> names;
  for (const Json& line : found) names.push_back(line["case"].get<std::string>() + ' ' + line["blas"].get<std::string>());
  BOOST_TEST_REQUIRE(found.size() >= 4u);
  BOOST_TEST((found.size() % 2 == 0));
  BOOST_TEST(names.front().starts_with("8x16x4 native "), names.front());
  BOOST_TEST(names.back().starts_with("3x5x7 "), names.back());
  BOOST_TEST(names.front() != names[1]);
}

BOOST_AUTO_TEST_CASE(ops_and_load_measure_what_they_say) {
  const std::vector<Json> found = cases({"ops", "--batch", "1", "--length", "4", "--hidden", "8", "--heads", "2", "--seconds", "0"});
  BOOST_TEST(found.size() >= 20u);
  const TemporaryDirectory directory;
  write_tiny_preset(directory / "preset");
  const std::vector<Json> loaded = cases({"load", "--preset", (directory / "preset").string(), "--text", "the film is good ."});
  BOOST_TEST(loaded.at(0)["first_answer_ms"].get<double>() >= loaded.at(0)["load_ms"].get<double>());
  BOOST_TEST(loaded.at(0)["backbone_ms"].get<double>() > 0);
  BOOST_TEST(loaded.at(0)["load_per_read"].get<double>() > 0);
}

BOOST_AUTO_TEST_CASE(wrong_uses_are_refused) {
  check_refused({}, "the case must be one of those below, got ''");
  check_refused({"speed"}, "the case must be one of those below, got 'speed'");
  check_refused({"encoder", "--model", "huge"}, "--model: must be tiny, minilm or base, got huge");
  check_refused({"encoder", "--task", "test"}, "--task: must be infer or train, got test");
  check_refused({"encoder", "--dtype", "float8"}, "--dtype: must be float32, bfloat16 or int8, got float8");
  check_refused({"encoder", "--dtype", "int8", "--task", "train"}, "--dtype: int8 must come with --task infer, got train");
  check_refused({"encoder", "--model", "tiny", "--shapes", "4,2"}, "--shapes: each must be BATCHxLENGTH");
  check_refused({"sst2", "--order", "random"}, "--order: must be sorted or file, got random");
  check_refused({"sst2", "--sst2", "x", "--passes", "-1"}, "--passes: must not be negative, got -1");
  check_refused({"gemm", "--shapes", "4x2"}, "--shapes: each must be ROWSxCOLUMNSxINNER");
  check_refused({"load"}, "--preset: must name a preset, got nothing");
  check_refused({"ops", "--hidden", "7"}, "sizes must be positive and hidden a multiple of heads");
}

BOOST_AUTO_TEST_SUITE_END()
