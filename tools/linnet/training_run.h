#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "framework/config/json.h"
#include "framework/io/directory_lock.h"
#include "framework/layers/layer.h"
#include "framework/train/checkpoint.h"
#include "tools/linnet/epoch_result.h"

namespace linnet::tool {

/// How a command ends that a signal asked to stop, when all is saved: EX_TEMPFAIL of sysexits.h, "run it again".
constexpr int kInterrupted = 75;

/// The flags of a training command that say how its run survives interruptions.
struct CheckpointFlags {
  std::int64_t checkpoint_every = 0, keep_checkpoints = 2;
  bool resume = false;
  void fields(FieldVisitor& field);
  /// Throws std::invalid_argument naming the flag.
  void check() const;
  bool on() const { return checkpoint_every > 0 || resume; }
};

/// A number that changes with what a file or a model holds: what --train and --preset were is told by it, not by their names.
using Content = std::pair<std::string, std::uint32_t>;
Content content_of(const std::string& name, const TextDataset& dataset);
/// `config` is the model's; weights: null if they come from the seed.
Content content_of(const std::string& name, const BertTokenizer& tokenizer, const std::string& config, const Layer* weights);

/// All that must be the same in a resumed run, as JSON: flags by their names, without those that do not change the result or
/// name a file, and contents.
std::string run_settings(const FieldList& flags, const std::vector<Content>& contents);

/// A training run that has an output directory for itself, and goes on where it was interrupted if it keeps checkpoints there.
///
///   TrainingRun run("finetune", options.output, options.checkpoints);
///   if (!run.begin(*model, optimizer_state, settings)) return 0;
///   for (; run.state.epoch < epochs; run.next_epoch(…))
///     for (batch : loader.epoch(run.state.epoch, run.state.batch)) {
///       …
///       if (run.after_batch()) return kInterrupted;
///     }
///   …
///   run.finish();
class TrainingRun {
 public:
  /// Makes the output directory. Throws std::runtime_error if it cannot be written to or another process writes there, and
  /// std::invalid_argument if it holds checkpoints and --resume was not given.
  TrainingRun(std::string command, std::filesystem::path output, const CheckpointFlags& flags);

  /// Sets model, optimizer, random numbers, state and notes to the last checkpoint if there is one, and says what happens. False
  /// if nothing is left to do.
  bool begin(const Layer& model, std::vector<Parameter> optimizer_state, const std::string& settings);
  /// Counts a batch and saves when it is time. True if a signal asked to stop: the run is saved, and told of.
  bool after_batch();
  /// Closes the epoch with its result.
  void next_epoch(EpochResult result);
  /// To be called when the results are safe in the output directory.
  void finish();
  /// Where best weights are kept; null: in memory.
  Checkpoint* checkpoint() { return checkpoint_.get(); }

  TrainingState state;
  RunNotes notes;

 private:
  std::string command_;
  std::filesystem::path output_, directory_;
  CheckpointFlags flags_;
  DirectoryLock lock_;
  std::unique_ptr<Checkpoint> checkpoint_;
};

}  // namespace linnet::tool
