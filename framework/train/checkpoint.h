#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/config/fields.h"
#include "framework/layers/parameter.h"
#include "framework/train/stop_signal.h"

namespace linnet {

class DirectoryLock;

/// Where a training run stands, between two batches.
struct TrainingState {
  std::int64_t epoch = 0;                 ///< under way, from 0
  std::int64_t batch = 0;                 ///< batches of this epoch that are done
  std::int64_t step = 0;                  ///< batches done in all
  bool finished = false;                  ///< nothing is left to do
  std::optional<double> best_score = {};  ///< of save_best
  std::string notes = {};                 ///< the program's own, as JSON for instance: the metrics so far
  void fields(FieldVisitor& field);

  /// The beginning of the next epoch.
  void next_epoch() {
    ++epoch;
    batch = 0;
  }
};

struct CheckpointConfig {
  std::int64_t every_steps = 0;  ///< batches between two checkpoints; 0: only when asked to stop
  std::int64_t keep_last = 2;    ///< older ones are removed once a new one is safe
  std::string settings = {};     ///< what must be the same in a resumed run: a JSON object, to_json(options) for instance
};

/// Keeps a training run in files, so that it goes on bit for bit where it was interrupted:
///
///   Checkpoint checkpoint("run", model.parameters(), optimizer.state(), {.every_steps = 500});
///   TrainingState state = checkpoint.resume();
///   for (; state.epoch < epochs; state.next_epoch())
///     for (const TextBatch& batch : loader.epoch(state.epoch, state.batch)) {
///       …  optimizer.step(schedule(state.step));
///       if (checkpoint.after_batch(state)) return;
///     }
///
/// A checkpoint is one HDF5 file, step_<number>.h5: weights, the optimizer's state and the random numbers' with a checksum. It
/// appears under its name when it is whole on disk and was read back; the one before it is removed afterwards. best.h5 is
/// the one of the highest score. From the constructor on, SIGINT and SIGTERM make after_batch save and return true.
/// Errors are std::runtime_error naming file and reason; a failed save leaves the earlier checkpoints as they are.
class Checkpoint {
 public:
  /// Makes the directory, holds it for this process alone, and clears away what a killed process left half-written. Throws
  /// std::invalid_argument on a negative every_steps, a keep_last below 1 or settings that are no JSON object, std::runtime_error
  /// if another process has it.
  Checkpoint(std::filesystem::path directory, std::vector<Parameter> weights, std::vector<Parameter> optimizer_state, CheckpointConfig config = {});
  ~Checkpoint();

  /// Sets weights, optimizer and random numbers to the newest checkpoint and returns where it stood; a new run's state if there
  /// is none. A damaged file is passed over for the one before it and told of in warnings(). Throws if all are damaged, or
  /// if the newest whole one has other settings (the message lists them), weights or optimizer slots: then nothing is changed.
  TrainingState resume();
  /// What resume() passed over, a line each.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Counts a batch, saves when it is time, and when a signal asked to stop: then true, and the loop is to end.
  bool after_batch(TrainingState& state);
  /// Throws std::runtime_error, and keeps what is there, if a weight or slot is NaN or infinite or if writing fails;
  /// std::invalid_argument where checkpoints of an earlier run lie that resume() did not look at.
  void save(const TrainingState& state);
  /// Saves to best.h5 too if no score before was as high; notes it in the state. Throws std::invalid_argument on NaN.
  void save_best(TrainingState& state, double score);
  /// Sets the weights alone to those of best.h5. Throws if there is none.
  void load_best();
  /// True if the directory holds checkpoints.
  static bool found_in(const std::filesystem::path& directory);

 private:
  void write(const std::filesystem::path& file, const TrainingState& state) const;

  std::filesystem::path directory_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<StopSignal> stop_;
  std::vector<Parameter> weights_, optimizer_state_;
  CheckpointConfig config_;
  std::vector<std::string> warnings_;
  bool began_ = false;  // resumed or saved
};

}  // namespace linnet
