#include "framework/train/checkpoint.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstring>

#include "framework/autograd/tape.h"
#include "framework/core/random.h"
#include "framework/io/atomic_file.h"
#include "framework/layers/dense.h"
#include "framework/ops/dropout.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/reductions.h"
#include "framework/optim/adamw.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

constexpr std::int64_t kBatches = 7, kEpochs = 4;

/// A small model with dropout, and the optimizer that trains it.
struct Run {
  Dense dense;
  AdamW optimizer;
  Run() : dense((set_seed(11), Dense::Config{.input_dim = 5, .units = 3})), optimizer(dense.parameters(), {.global_clipnorm = 1}) {}

  void batch(std::int64_t epoch, std::int64_t number) {
    std::vector<float> values(20);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>((i * 7 + static_cast<std::size_t>(epoch * 31 + number * 13)) % 17) / 17;
    Tape tape;
    const Tensor y = ops::dropout(dense(Tensor::from(values, {4, 5})), 0.3);
    tape.backward(ops::mean(y * y));
    optimizer.step(0.01);
  }
  /// Everything that the next step depends on.
  std::string bits() const {
    std::string all;
    const auto add = [&](const std::vector<Parameter>& parameters) {
      for (const Parameter& p : parameters)
        all.append(static_cast<const char*>(p.tensor.raw()), static_cast<std::size_t>(p.tensor.size() * size_of(p.tensor.dtype())));
    };
    add(dense.parameters());
    add(optimizer.state());
    return all + cat(random_state().seed, ' ', random_state().step, ' ', random_state().op, ' ', random_state().initialized);
  }
};

/// The loop of a user; ends early after `most` batches, as if killed.
TrainingState train(Run& run, Checkpoint& checkpoint, std::int64_t most = 1000) {
  TrainingState state = checkpoint.resume();
  for (; state.epoch < kEpochs; state.next_epoch())
    while (state.batch < kBatches) {
      if (most-- == 0) return state;
      run.batch(state.epoch, state.batch);
      if (checkpoint.after_batch(state)) return state;
    }
  return state;
}

std::string uninterrupted() {
  Run run;
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch)
    for (std::int64_t batch = 0; batch < kBatches; ++batch) run.batch(epoch, batch);
  return run.bits();
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

void keep_part(const std::filesystem::path& file, std::size_t bytes) { write_text(file, read_text(file).substr(0, bytes)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(training_checkpoint)

BOOST_AUTO_TEST_CASE(a_run_goes_on_bit_for_bit_wherever_it_was_interrupted) {
  const std::string expected = uninterrupted();
  for (const std::int64_t killed_after : {0, 1, 4, 5, 7, 14, 17, 27, 28}) {
    const TemporaryDirectory directory;
    {
      Run run;
      Checkpoint checkpoint(directory / "run", run.dense.parameters(), run.optimizer.state(), {.every_steps = 1});
      train(run, checkpoint, killed_after);
    }
    Run run;
    set_seed(99);  // whatever a new process begins with
    Checkpoint checkpoint(directory / "run", run.dense.parameters(), run.optimizer.state(), {.every_steps = 3});
    if (killed_after == 0) set_seed(11), next_initializer_stream();  // nothing was saved: the new run seeds itself
    train(run, checkpoint);
    BOOST_TEST((run.bits() == expected), "killed after " << killed_after);
  }
}

BOOST_AUTO_TEST_CASE(the_last_checkpoints_and_the_best_are_kept) {
  const TemporaryDirectory directory;
  Run run;
  Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state(), {.every_steps = 5, .keep_last = 3});
  TrainingState state = train(run, checkpoint);
  BOOST_TEST(names_in(directory.path()) == (std::vector<std::string>{"step_0000000015.h5", "step_0000000020.h5", "step_0000000025.h5"}),
             boost::test_tools::per_element());
  checkpoint.save_best(state, 0.8);
  const std::string best = run.bits();
  run.batch(0, 0);
  checkpoint.save_best(state, 0.7);
  BOOST_TEST(*state.best_score == 0.8);
  checkpoint.load_best();
  std::vector<double> now = run.dense.parameters().front().tensor.to_vector();
  float first = 0;
  std::memcpy(&first, best.data(), sizeof first);
  BOOST_TEST(now.front() == double{first});
  BOOST_CHECK_EXCEPTION(checkpoint.save_best(state, std::nan("")), std::invalid_argument, says("score must be a number, got nan"));
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_is_passed_over_for_the_one_before) {
  const std::string expected = uninterrupted();
  const TemporaryDirectory directory;
  {
    Run run;
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state(), {.every_steps = 4});
    train(run, checkpoint, 9);
  }
  const std::string whole = read_text(directory / "step_0000000008.h5");
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 64) {
    write_text(directory / "step_0000000008.h5", whole.substr(0, bytes));
    Run run;
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
    BOOST_TEST(checkpoint.resume().step == 4);
    BOOST_TEST(checkpoint.warnings().size() == 1u);
  }
  write_text(directory / "step_0000000008.h5", whole);
  std::string flipped = whole;
  {
    Run run;
    Checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state()).resume();
    const Tensor kernel = run.dense.parameters().front().tensor;
    const std::size_t at = whole.find(std::string(static_cast<const char*>(kernel.raw()), 60));
    BOOST_TEST_REQUIRE(at != std::string::npos);
    flipped[at] = static_cast<char>(flipped[at] ^ 1);  // which HDF5 cannot notice
  }
  write_text(directory / "step_0000000008.h5", flipped);
  Run run;
  Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
  train(run, checkpoint);
  BOOST_TEST((checkpoint.warnings().at(0).find("must have the checksum") != std::string::npos), checkpoint.warnings().at(0));
  BOOST_TEST((run.bits() == expected));

  for (const char* name : {"step_0000000004.h5", "step_0000000008.h5"}) keep_part(directory / name, 100);
  BOOST_CHECK_EXCEPTION(checkpoint.resume(), std::runtime_error, says("must have a checkpoint that is whole, got:"));
}

BOOST_AUTO_TEST_CASE(another_run_is_refused_and_nothing_changes) {
  const TemporaryDirectory directory;
  {
    Run run;
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state(),
                          {.every_steps = 5, .settings = R"({"batch": 32, "rate": 0.5})"});
    train(run, checkpoint, 6);
  }
  {
    Run run;
    const std::string before = run.bits();
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state(), {.settings = R"({"batch": 16, "rate": 0.5, "decay": 1})"});
    BOOST_CHECK_EXCEPTION(checkpoint.resume(), std::runtime_error,
                          says("must be of a run with the same settings, got:\n  batch: 16 here, 32 there\n  decay: 1 here, nothing there"));
    BOOST_TEST((run.bits() == before));
  }
  const Dense wider({.input_dim = 5, .units = 4});
  AdamW optimizer(wider.parameters());
  Checkpoint checkpoint(directory.path(), wider.parameters(), optimizer.state(), {.settings = R"({"batch": 32, "rate": 0.5})"});
  BOOST_CHECK_EXCEPTION(checkpoint.resume(), std::runtime_error, says("weights/kernel is float32 (5, 3), not float32 (5, 4)"));
  write_text(directory / "step_0000000006.h5", "no checkpoint");
  BOOST_CHECK_THROW(checkpoint.resume(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_signal_makes_the_loop_save_and_end) {
  const std::string expected = uninterrupted();
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryDirectory directory;
    {
      Run run;
      Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
      train(run, checkpoint, 3);
      std::raise(signal);
      TrainingState state{.batch = 3, .step = 3};
      run.batch(0, 3);
      BOOST_TEST(checkpoint.after_batch(state));
    }
    BOOST_TEST(std::filesystem::exists(directory / "step_0000000004.h5"));
    Run run;
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
    train(run, checkpoint);
    BOOST_TEST((run.bits() == expected));
  }
}

BOOST_AUTO_TEST_CASE(a_directory_belongs_to_one_process_and_half_written_files_go) {
  const TemporaryDirectory directory;
  write_text(directory / "step_0000000004.h5.77.0.partial", "half");
  Run run;
  Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
  BOOST_TEST(names_in(directory.path()) == std::vector<std::string>(), boost::test_tools::per_element());
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      Checkpoint second(directory.path(), run.dense.parameters(), run.optimizer.state());
    } catch (const std::runtime_error& error) {
      ::_exit(std::strstr(error.what(), "must be free, got another process that writes there") != nullptr ? 3 : 4);
    } catch (...) {
      ::_exit(5);
    }
    ::_exit(6);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST(WEXITSTATUS(status) == 3);
}

BOOST_AUTO_TEST_CASE(a_new_run_does_not_begin_over_an_old_one_and_bad_numbers_are_not_saved) {
  const TemporaryDirectory directory;
  Run run;
  {
    Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
    BOOST_TEST(!Checkpoint::found_in(directory.path()));
    checkpoint.save({.step = 5});
    checkpoint.save({.step = 6});
    BOOST_TEST(Checkpoint::found_in(directory.path()));
  }
  Checkpoint checkpoint(directory.path(), run.dense.parameters(), run.optimizer.state());
  BOOST_CHECK_EXCEPTION(checkpoint.save({.step = 1}), std::invalid_argument,
                        says("must be empty for a new run, got checkpoints (resume() goes on with their run)"));
  BOOST_TEST(checkpoint.resume().step == 6);
  Tensor(run.dense.parameters().back().tensor).assign(Tensor::full({3}, std::nan("")));
  BOOST_CHECK_EXCEPTION(checkpoint.save({.step = 7}), std::runtime_error,
                        says("must hold finite numbers, got NaN or infinity in weights/bias at step 7 (nothing was saved)"));
  BOOST_TEST(names_in(directory.path()) == (std::vector<std::string>{"step_0000000005.h5", "step_0000000006.h5"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrong_configs_and_directories_are_refused) {
  const TemporaryDirectory directory;
  Run run;
  const auto make = [&](const std::filesystem::path& where, CheckpointConfig config) {
    Checkpoint(where, run.dense.parameters(), run.optimizer.state(), std::move(config));
  };
  BOOST_CHECK_EXCEPTION(make(directory.path(), {.every_steps = -1}), std::invalid_argument, says("every_steps must not be negative, got -1"));
  BOOST_CHECK_EXCEPTION(make(directory.path(), {.keep_last = 0}), std::invalid_argument, says("keep_last must be at least 1, got 0"));
  for (const char* settings : {"batch 32", "[1]"})
    BOOST_CHECK_EXCEPTION(make(directory.path(), {.settings = settings}), std::invalid_argument,
                          says("Checkpoint: settings must be a JSON object, got: "));
  write_text(directory / "file", "");
  BOOST_CHECK_EXCEPTION(make(directory / "file", {}), std::runtime_error, says("Checkpoint: cannot"));
  const StopSignal first;
  BOOST_CHECK_EXCEPTION(StopSignal(), std::invalid_argument, says("there must be one at a time"));
}

BOOST_AUTO_TEST_SUITE_END()
