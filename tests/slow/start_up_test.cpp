#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <iostream>

#include "framework/core/parallel.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

constexpr std::size_t kRuns = 21;

/// What one run of a program took, in seconds.
struct Taken {
  double clock, processor;
};

Taken time_run(std::vector<std::string> command) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  ::posix_spawn_file_actions_init(&quiet);
  for (const int file : {1, 2}) ::posix_spawn_file_actions_addopen(&quiet, file, "/dev/null", O_WRONLY, 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  BOOST_TEST_REQUIRE(::posix_spawnp(&child, words[0], &quiet, nullptr, words.data(), environ) == 0);
  int status = 0;
  rusage usage = {};
  BOOST_TEST_REQUIRE(::wait4(child, &status, 0, &usage) == child);
  const double clock = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ::posix_spawn_file_actions_destroy(&quiet);
  BOOST_TEST_REQUIRE(status == 0);
  const auto value = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return {clock, value(usage.ru_utime) + value(usage.ru_stime)};
}

/// A classifier of bert_tiny's shape, which reads sentences of made-up words.
void write_bert_tiny(const std::filesystem::path& directory) {
  std::vector<std::string> words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (std::int64_t word = 0; words.size() < 30522; ++word) words.push_back(cat("word", word));
  const auto tokenizer = std::make_shared<const BertTokenizer>(Vocabulary(words), BertTokenizer::Config{.lowercase = true});
  BertTextClassifier model(
      {.backbone = {.vocabulary_size = 30522, .num_layers = 2, .num_heads = 2, .hidden_dim = 128, .intermediate_dim = 512}, .num_classes = 2});
  model.set_preprocessor(std::make_shared<const BertTextClassifierPreprocessor>(tokenizer, BertTextClassifierPreprocessor::Config{}));
  model.save_to_preset(directory);
}

/// Runs linnet with all files in memory. The limit is for a machine on which h5diff, which loads forty of our fifty libraries, starts within
/// 8 ms; where it takes longer, run in turns with ours, the limit is longer by as much. Processor time of the run that took least: on a
/// busy machine the clock tells of the others.
void check_start_up(const std::string& what, const std::vector<std::string>& arguments, double limit) {
  std::vector<std::string> command{linnet_program().string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<double> clock, ours, h5diff;
  for (std::size_t run = 0; run < kRuns; ++run) {
    const Taken taken = time_run(command);
    clock.push_back(taken.clock);
    ours.push_back(taken.processor);
    h5diff.push_back(time_run({"h5diff", "--version"}).processor);
  }
  std::ranges::sort(clock);
  const double least = std::ranges::min(ours), longer = std::max(1.0, std::ranges::min(h5diff) / 0.008);
  const auto tenths = [](double value) { return std::round(10 * value) / 10; };
  std::cout << "reached: " << what << ' ' << tenths(1e3 * clock[kRuns / 2]) << " ms, of processor time at least " << tenths(1e3 * least)
            << " ms (at most " << tenths(1e3 * limit) << " times " << tenths(longer) << ", for so much longer does h5diff take here)\n";
  BOOST_TEST(least <= limit * longer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(start_up)

BOOST_AUTO_TEST_CASE(the_program_answers_at_once) { check_start_up("linnet --version", {"--version"}, 0.02); }

BOOST_AUTO_TEST_CASE(bert_tiny_has_judged_a_sentence_in_a_tenth_of_a_second) {
  const TemporaryDirectory directory;
  write_bert_tiny(directory / "preset");
  check_start_up("linnet predict with bert_tiny", {"predict", "--preset", (directory / "preset").string(), "word1 word22 word333"}, 0.1);
}

BOOST_AUTO_TEST_CASE(the_library_is_small) {
  Dl_info library = {};
  BOOST_TEST_REQUIRE(::dladdr(reinterpret_cast<void*>(&num_threads), &library) != 0);
  const TemporaryDirectory directory;
  BOOST_TEST_REQUIRE(run_program("strip", {"-o", (directory / "stripped").string(), library.dli_fname}).code == 0);
  const double megabytes = 1e-6 * static_cast<double>(std::filesystem::file_size(directory / "stripped"));
  std::cout << "reached: stripped library " << std::round(10 * megabytes) / 10 << " MB\n";
  BOOST_TEST(megabytes <= 10);
}

BOOST_AUTO_TEST_SUITE_END()
