#include "framework/train/checkpoint.h"

#include <algorithm>
#include <cmath>

#include "framework/config/json_value.h"
#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/io/directory.h"
#include "framework/io/directory_lock.h"
#include "framework/train/checkpoint_file.h"
#include "framework/train/stop_signal.h"

namespace linnet {
namespace {

constexpr std::string_view kPrefix = "step_", kSuffix = ".h5", kBest = "best.h5";

/// "step_0000001200.h5": names sort as numbers do.
std::string name_of(std::int64_t step) { return cat(kPrefix, zero_filled(step, 10), kSuffix); }

/// The checkpoints in a directory, the newest first.
std::vector<std::filesystem::path> checkpoints(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names_in(directory))
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) files.push_back(directory / name);
  std::ranges::sort(files, std::greater<>());
  return files;
}

}  // namespace

void TrainingState::fields(FieldVisitor& field) {
  field("epoch", epoch);
  field("batch", batch);
  field("step", step);
  field("finished", finished);
  field("best_score", best_score);
  field("notes", notes);
}

Checkpoint::Checkpoint(std::filesystem::path directory, std::vector<Parameter> weights, std::vector<Parameter> optimizer_state,
                       CheckpointConfig config)
    : directory_(std::move(directory)), weights_(std::move(weights)), optimizer_state_(std::move(optimizer_state)), config_(std::move(config)) {
  check(config_.every_steps >= 0, "Checkpoint: every_steps must not be negative, got ", config_.every_steps);
  check(config_.keep_last >= 1, "Checkpoint: keep_last must be at least 1, got ", config_.keep_last);
  try {
    if (!config_.settings.empty()) static_cast<void>(JsonValue::parse(config_.settings, "settings").members());
  } catch (const std::runtime_error& error) {
    throw std::invalid_argument(cat("Checkpoint: settings must be a JSON object, got: ", error.what()));
  }
  lock_ = std::make_unique<DirectoryLock>("Checkpoint", directory_);
  stop_ = std::make_unique<StopSignal>();
  remove_partial_files(directory_);
}

Checkpoint::~Checkpoint() = default;

bool Checkpoint::found_in(const std::filesystem::path& directory) { return !checkpoints(directory).empty(); }

TrainingState Checkpoint::resume() {
  warnings_.clear();
  began_ = true;
  for (const std::filesystem::path& file : checkpoints(directory_)) {
    std::optional<CheckpointFile> read;
    try {
      read.emplace(file);
    } catch (const std::runtime_error& error) {
      warnings_.push_back(error.what());
      continue;
    }
    return read->restore(weights_, optimizer_state_, config_.settings);
  }
  std::string all;
  for (const std::string& warning : warnings_) all += "\n  " + warning;
  check_file(warnings_.empty(), "Checkpoint: ", directory_, " must have a checkpoint that is whole, got:", all, "\n(remove them to begin anew)");
  return {};
}

bool Checkpoint::after_batch(TrainingState& state) {
  ++state.batch;
  ++state.step;
  const bool stop = stop_->requested();
  if (stop || (config_.every_steps > 0 && state.step % config_.every_steps == 0)) save(state);
  return stop;
}

void Checkpoint::save(const TrainingState& state) {
  check(began_ || !found_in(directory_), "Checkpoint: ", directory_,
        " must be empty for a new run, got checkpoints (resume() goes on with their run)");
  began_ = true;
  const std::filesystem::path newest = directory_ / name_of(state.step);
  write(newest, state);
  std::int64_t kept = 0;
  for (const std::filesystem::path& file : checkpoints(directory_)) {
    const bool passed_over = file > newest;  // resume() found it damaged
    if (passed_over || ++kept > config_.keep_last) std::filesystem::remove(file);
  }
}

void Checkpoint::save_best(TrainingState& state, double score) {
  check(!std::isnan(score), "Checkpoint: score must be a number, got ", score);
  if (state.best_score && score <= *state.best_score) return;
  state.best_score = score;
  write(directory_ / kBest, state);
}

void Checkpoint::load_best() { CheckpointFile(directory_ / kBest).restore_weights(weights_); }

void Checkpoint::write(const std::filesystem::path& file, const TrainingState& state) const {
  CheckpointFile::write(file, weights_, optimizer_state_, state, config_.settings);
}

}  // namespace linnet
