#include <boost/test/unit_test.hpp>
#include <cstdio>

#include "tests/support/paths.h"
#include "tests/support/program.h"

using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(word_models_sst2)

BOOST_AUTO_TEST_CASE(one_epoch_teaches_each_model_to_judge_real_phrases) {
  const std::filesystem::path data = source_directory().parent_path() / "shared" / "sst2";
  if (!std::filesystem::exists(data / "train.tsv")) {
    std::puts("skipped: ../shared/sst2 is not there");
    return;
  }
  for (const char* model : {"cnn", "gru", "experts"}) {
    const ProgramResult result = run_program(word_models_example(), {"--model", model, "--data", data.string(), "--epochs", "1"});
    BOOST_TEST(result.code == 0);
    const std::size_t last = result.out.rfind("dev accuracy ");
    BOOST_TEST_REQUIRE(last != std::string::npos, result.out);
    BOOST_TEST(std::stod(result.out.substr(last + 13)) >= 0.77, model << ": " << result.out);
  }
}

BOOST_AUTO_TEST_SUITE_END()
