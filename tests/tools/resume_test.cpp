// Training runs that are interrupted and resumed, as a user runs them.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/directory_lock.h"
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

/// The line that says which weights were best, if there is one.
std::string best_line(const std::string& out) {
  const std::size_t begin = out.find("best after step");
  return begin == std::string::npos ? "" : out.substr(begin, out.find('\n', begin) - begin);
}

using Flags = std::vector<std::string>;

struct Workplace {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), train = (directory / "train.tsv").string(), dev = (directory / "dev.tsv").string(),
              vocabulary = (directory / "vocabulary.txt").string();
  Workplace() {
    write_tiny_preset(preset);
    write_tiny_reviews(train, 100);
    write_tiny_reviews(dev, 20);
    write_tiny_vocabulary(vocabulary);
  }
  std::string path(const std::string& name) const { return (directory / name).string(); }
  /// 30 steps in three epochs.
  ProgramResult run(const std::string& command, const std::string& output, const Flags& more) const {
    std::map<std::string, std::string> usual{{"--train", train}, {"--dev", dev},         {"--output", path(output)},
                                             {"--epochs", "3"},  {"--batch-size", "10"}, {"--learning-rate", "0.003"}};
    if (command == "finetune") usual["--preset"] = preset;
    else usual.insert({{"--vocabulary", vocabulary}, {"--hidden-dim", "16"}});
    Flags arguments{command};
    for (const auto& [name, value] : usual)
      if (std::ranges::count(more, name) == 0) arguments.insert(arguments.end(), {name, value});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(linnet_program(), arguments);
  }
  std::string weights(const std::string& output) const { return read_text(directory / (output + "/model.weights.h5")); }
  nlohmann::json epochs(const std::string& output) const {
    auto epochs = nlohmann::json::parse(read_text(directory / (output + "/run.json"))).at("epochs");
    for (auto& epoch : epochs) {
      BOOST_TEST(epoch.at("seconds").get<double>() > 0);
      epoch.erase("seconds");
      epoch.erase("sentences_per_second");
    }
    return epochs;
  }
  std::vector<std::string> checkpoints(const std::string& output) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory / (output + "/checkpoints")))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  /// Sets the run back to its checkpoint after `step`, as if it had been killed a moment later.
  void set_back(const std::string& output, const std::string& to, int step) const {
    std::filesystem::remove_all(path(to));
    std::filesystem::create_directory(path(to));
    std::filesystem::copy(path(output + "/checkpoints"), path(to + "/checkpoints"));
    for (const std::string& name : checkpoints(to))
      if (name.starts_with("step_") && std::stoi(name.substr(5)) > step) std::filesystem::remove(path(to + "/checkpoints/" + name));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(resume)

BOOST_AUTO_TEST_CASE(a_run_goes_on_from_any_checkpoint_bit_for_bit) {
  const Workplace place;
  const std::vector<std::pair<std::string, Flags>> recipes{
      {"finetune", {}},
      {"finetune", {"--evaluate-every", "3"}},
      {"finetune", {"--dtype", "mixed_float16", "--evaluate-every", "4"}},
      {"finetune", {"--lora-rank", "2", "--layer-decay", "0.5"}},
      {"finetune", {"--regression", "--evaluate-every", "7"}},
      {"pretrain", {}},
  };
  for (const auto& [command, recipe] : recipes) {
    const ProgramResult plain = place.run(command, "plain", recipe);
    BOOST_TEST_REQUIRE(plain.code == 0, plain.errors);
    Flags checkpointed = recipe;
    checkpointed.insert(checkpointed.end(), {"--checkpoint-every", "4", "--keep-checkpoints", "50"});
    std::filesystem::remove_all(place.path("kept"));
    BOOST_TEST_REQUIRE(place.run(command, "kept", checkpointed).code == 0);
    BOOST_TEST((place.weights("kept") == place.weights("plain")), "checkpoints change nothing");
    for (const int step : {0, 4, 8, 12, 20, 28}) {
      place.set_back("kept", "resumed", step);
      checkpointed.back() = "2";  // how many are kept may differ
      checkpointed.push_back("--resume");
      const ProgramResult resumed = place.run(command, "resumed", checkpointed);
      checkpointed.pop_back();
      BOOST_TEST_REQUIRE(resumed.code == 0, resumed.errors);
      BOOST_TEST(has(resumed.errors, step == 0 ? "begins, for there is no checkpoint yet" : "goes on after step " + std::to_string(step)));
      BOOST_TEST((place.weights("resumed") == place.weights("plain")), "after step " << step);
      BOOST_TEST(place.epochs("resumed") == place.epochs("plain"));
      BOOST_TEST(best_line(resumed.out) == best_line(plain.out));
    }
    const bool best = std::ranges::count(recipe, "--evaluate-every") > 0;
    std::vector<std::string> expected{"step_0000000028.h5", "step_0000000030.h5"};
    if (best) expected.insert(expected.begin(), "best.h5");
    BOOST_TEST(place.checkpoints("resumed") == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_finished_run_has_nothing_left_to_do) {
  const Workplace place;
  BOOST_TEST(place.run("finetune", "run", {"--resume"}).code == 0);
  std::filesystem::remove(place.path("run/model.weights.h5"));
  const ProgramResult again = place.run("finetune", "run", {"--resume"});
  BOOST_TEST(again.code == 0);
  BOOST_TEST(again.out == "nothing to do: the run in " + place.path("run") + " is finished, after 30 steps\n");
  BOOST_TEST(!std::filesystem::exists(place.path("run/model.weights.h5")));
  const ProgramResult anew = place.run("finetune", "run", {});
  BOOST_TEST(anew.code == 1);
  BOOST_TEST(has(anew.errors, "--output: " + place.path("run") +
                                  " must hold no checkpoints of an earlier run, got some (--resume goes on with it; remove " +
                                  place.path("run/checkpoints") + " to begin anew)"));
}

BOOST_AUTO_TEST_CASE(another_recipe_is_refused_by_name) {
  const Workplace place;
  BOOST_TEST(place.run("finetune", "run", {"--checkpoint-every", "4", "--keep-checkpoints", "50"}).code == 0);
  place.set_back("run", "part", 12);
  const auto refused = [&](const Flags& flags, const std::string& text) {
    Flags all{"--resume"};
    all.insert(all.end(), flags.begin(), flags.end());
    const ProgramResult result = place.run("finetune", "part", all);
    BOOST_TEST(result.code == 1);
    BOOST_TEST(has(result.errors, "must be of a run with the same settings, got:\n" + text));
  };
  refused({"--learning-rate", "0.004"}, "  --learning-rate: 0.004 here, 0.003 there\n");
  refused({"--epochs", "4", "--seed", "2"}, "  --epochs: 4 here, 3 there\n  --seed: 2 here, 1 there\n");
  refused({"--lora-rank", "2"}, "  --lora-rank: 2 here, null there\n");
  const std::string kept = read_text(place.train);
  write_text(place.train, kept + "the film is good .\t1\n");
  refused({}, "  content of --train: ");
  write_text(place.train, kept);
  refused({"--dev", place.train}, "  content of --dev: ");
  write_text(place.path("preset/assets/tokenizer/vocabulary.txt"),
             "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\nplot\nis\nwas\nvery\nnot\nbad\ngood\n.\n");
  refused({}, "  content of --preset: ");
  write_tiny_preset(place.preset);

  // What changes no bit may differ: threads, names of files, recomputed activations.
  std::filesystem::rename(place.path("part"), place.path("moved"));
  std::filesystem::copy(place.train, place.path("same.tsv"));
  const ProgramResult moved =
      place.run("finetune", "moved", {"--resume", "--threads", "1", "--train", place.path("same.tsv"), "--checkpoint-activations"});
  BOOST_TEST(moved.code == 0, moved.errors);
  BOOST_TEST((place.weights("moved") == place.weights("run")));
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_is_told_of_and_passed_over) {
  const Workplace place;
  BOOST_TEST(place.run("finetune", "run", {"--checkpoint-every", "4", "--keep-checkpoints", "50"}).code == 0);
  place.set_back("run", "part", 12);
  const std::string newest = place.path("part/checkpoints/step_0000000012.h5"), whole = read_text(newest);
  write_text(newest, whole.substr(0, whole.size() / 2));
  const ProgramResult resumed = place.run("finetune", "part", {"--resume", "--checkpoint-every", "1", "--keep-checkpoints", "1"});
  BOOST_TEST(resumed.code == 0);
  BOOST_TEST(has(resumed.errors, "linnet finetune: passed over: "));
  BOOST_TEST(has(resumed.errors, "goes on after step 8"));
  BOOST_TEST((place.weights("part") == place.weights("run")));
  BOOST_TEST(place.checkpoints("part") == std::vector<std::string>{"step_0000000030.h5"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_processes_do_not_write_to_one_directory_and_wrong_flags_are_refused) {
  const Workplace place;
  const auto refused = [&](const char* command, const Flags& flags, const std::string& text) {
    const ProgramResult result = place.run(command, "run", flags);
    BOOST_TEST(result.code == 1);
    BOOST_TEST(has(result.errors, text));
  };
  {
    const DirectoryLock lock("test", place.path("run"));
    refused("finetune", {}, "finetune: --output: \"" + place.path("run") + "\" must be free, got another process that writes there");
    refused("pretrain", {"--resume"}, "pretrain: --output: \"" + place.path("run") + "\" must be free, got another process that writes there");
  }
  refused("finetune", {"--checkpoint-every", "-1"}, "--checkpoint-every: must not be negative, got -1");
  refused("pretrain", {"--keep-checkpoints", "0"}, "--keep-checkpoints: must be at least 1, got 0");
  write_text(place.path("file"), "");
  refused("finetune", {"--output", place.path("file")}, "finetune: --output: cannot make \"" + place.path("file") + "\": Not a directory");
  write_text(place.path("run/model.weights.h5.4194304.0.partial"), "what a killed process left");
  write_text(place.path("run/mine.partial"), "");
  BOOST_TEST(place.run("finetune", "run", {}).code == 0);
  BOOST_TEST(!std::filesystem::exists(place.path("run/model.weights.h5.4194304.0.partial")));
  BOOST_TEST(std::filesystem::exists(place.path("run/mine.partial")));
}

BOOST_AUTO_TEST_SUITE_END()
