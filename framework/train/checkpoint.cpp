#include "framework/train/checkpoint.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "framework/config/json.h"
#include "framework/core/error.h"
#include "framework/train/checkpoint_file.h"
#include "framework/train/stop_signal.h"

namespace linnet {
namespace {

constexpr std::string_view kPrefix = "step_", kSuffix = ".h5", kBest = "best.h5";

/// "step_0000001200.h5": names sort as numbers do.
std::string name_of(std::int64_t step) {
  const std::string digits = std::to_string(step);
  return cat(kPrefix, std::string(10 - std::min<std::size_t>(10, digits.size()), '0'), digits, kSuffix);
}

/// The checkpoints in a directory, the newest first.
std::vector<std::filesystem::path> checkpoints(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) files.push_back(entry.path());
  }
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

/// Holds the directory for this process.
struct Checkpoint::Lock {
  explicit Lock(const std::filesystem::path& directory) {
    const std::filesystem::path file = directory / "lock";
    descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    check_file(descriptor >= 0, "Checkpoint: cannot open ", file, ": ", std::strerror(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return;
    const std::string reason = errno == EWOULDBLOCK ? "another process trains there" : std::strerror(errno);
    ::close(descriptor);
    throw std::runtime_error(cat("Checkpoint: ", directory, " must be free, got: ", reason));
  }
  ~Lock() { ::close(descriptor); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  int descriptor;
};

Checkpoint::Checkpoint(std::filesystem::path directory, std::vector<Parameter> weights, std::vector<Parameter> optimizer_state,
                       CheckpointConfig config)
    : directory_(std::move(directory)), weights_(std::move(weights)), optimizer_state_(std::move(optimizer_state)), config_(std::move(config)) {
  check(config_.every_steps >= 0, "Checkpoint: every_steps must not be negative, got ", config_.every_steps);
  check(config_.keep_last >= 1, "Checkpoint: keep_last must be at least 1, got ", config_.keep_last);
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  check_file(!error, "Checkpoint: cannot make ", directory_, ": ", error.message());
  lock_ = std::make_unique<Lock>(directory_);
  stop_ = std::make_unique<StopSignal>();
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (entry.path().extension() == ".partial") std::filesystem::remove(entry.path());
}

Checkpoint::~Checkpoint() = default;

TrainingState Checkpoint::resume() {
  warnings_.clear();
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
  write(directory_ / name_of(state.step), state);
  const std::vector<std::filesystem::path> files = checkpoints(directory_);
  for (std::size_t i = static_cast<std::size_t>(config_.keep_last); i < files.size(); ++i) std::filesystem::remove(files[i]);
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
