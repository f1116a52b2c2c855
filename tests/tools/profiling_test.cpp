#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Workplace {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), reviews = (directory / "reviews.tsv").string(), trace = (directory / "trace.json").string();
  Workplace() {
    write_tiny_preset(preset);
    write_tiny_reviews(reviews, 40);
  }
};

/// Runs, and checks the table on standard error and the trace: both know the texts.
void check_profile(const Workplace& place, std::vector<std::string> arguments, const std::vector<std::string>& texts) {
  BOOST_TEST_CONTEXT(arguments[0]) {
    arguments.insert(arguments.end(), {"--profile", "--trace", place.trace});
    const ProgramResult result = run_program(linnet_program(), arguments);
    BOOST_TEST_REQUIRE(result.code == 0, result.errors);
    const auto trace = nlohmann::json::parse(read_text(place.trace));
    for (const std::string& text : texts) {
      BOOST_TEST(result.errors.find("\n" + text) != std::string::npos, text << " in " << result.errors);
      bool found = false;
      for (const auto& event : trace["traceEvents"]) found |= event["name"] == text;
      BOOST_TEST(found, text);
    }
    BOOST_TEST(result.errors.find("\nall ") != std::string::npos);
    BOOST_TEST(result.out.find("GFLOP/s") == std::string::npos);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profiling)

BOOST_AUTO_TEST_CASE(commands_that_compute_show_where_time_goes) {
  const Workplace place;
  check_profile(place, {"predict", "--preset", place.preset, "--threads", "1", "the film is good ."}, {"dense", "attention", "preprocess"});
  check_profile(place, {"evaluate", "--preset", place.preset, "--threads", "1", "--data", place.reviews}, {"dense", "attention", "preprocess"});
  check_profile(place,
                {"finetune", "--preset", place.preset, "--threads", "1", "--train", place.reviews, "--output", (place.directory / "tuned").string()},
                {"dense", "dense (backward)", "attention (backward)", "AdamW", "preprocess"});
  check_profile(place, {"bench", "encoder", "--model", "tiny", "--shapes", "1x4", "--seconds", "0", "--task", "train"},
                {"dense (backward)", "AdamW"});
}

BOOST_AUTO_TEST_CASE(without_the_flags_there_is_neither_table_nor_file) {
  const Workplace place;
  const ProgramResult result = run_program(linnet_program(), {"predict", "--preset", place.preset, "the film is good ."});
  BOOST_TEST(result.code == 0);
  BOOST_TEST(result.errors.find("GFLOP/s") == std::string::npos);
  BOOST_TEST(!std::filesystem::exists(place.trace));
}

BOOST_AUTO_TEST_CASE(a_trace_that_cannot_be_written_ends_with_its_name) {
  const Workplace place;
  const ProgramResult result =
      run_program(linnet_program(), {"predict", "--preset", place.preset, "--trace", "/nowhere/trace.json", "the film is good ."});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.errors.find("save_trace: cannot write /nowhere/trace.json") != std::string::npos, result.errors);
}

BOOST_AUTO_TEST_CASE(peak_memory_is_told_and_recorded) {
  const Workplace place;
  const std::string output = (place.directory / "tuned").string();
  const ProgramResult tuned = run_program(linnet_program(), {"finetune", "--preset", place.preset, "--train", place.reviews, "--output", output});
  BOOST_TEST(tuned.out.find(", peak memory ") != std::string::npos, tuned.out);
  const double recorded = nlohmann::json::parse(read_text(output + "/run.json"))["peak_memory_bytes"];
  BOOST_TEST(recorded > 1e6);
  BOOST_TEST(recorded < 1e9);
  const ProgramResult measured = run_program(linnet_program(), {"evaluate", "--preset", output, "--data", place.reviews});
  BOOST_TEST(measured.errors.find("linnet evaluate: peak memory ") != std::string::npos, measured.errors);
  const ProgramResult asked = run_program(linnet_program(), {"predict", "--preset", output, "the film is good ."});
  BOOST_TEST(asked.errors.find("linnet predict: peak memory ") != std::string::npos, asked.errors);
}

BOOST_AUTO_TEST_SUITE_END()
