#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/linnet/classify.h"

namespace linnet::tool {

/// What one epoch of a training run came to.
struct EpochResult {
  double seconds = 0, sentences_per_second = 0;
  double train_loss = 0;                      ///< mean over the epoch, dropout included, as is the next
  std::optional<double> train_accuracy = {};  ///< none for regression
  std::optional<Measures> dev = {};
};
nlohmann::ordered_json to_json(const EpochResult& result);

/// Sums over the batches of the epoch under way.
struct EpochTally {
  double seconds = 0;
  double loss = 0;  ///< each batch's mean times its sentences, or masked tokens
  Accuracy seen = {};
  std::int64_t sentences = 0;
  /// The epoch's result; its loss is the mean over so many `elements`.
  EpochResult result(std::int64_t elements) const;
};

/// What a training run keeps in its checkpoints, besides where it stands.
struct RunNotes {
  std::vector<EpochResult> epochs;  ///< done
  EpochTally running;
  std::optional<Measures> best = {};  ///< on --dev, met on the way
  std::int64_t best_step = 0;
};
/// As text for TrainingState::notes, and back.
std::string to_text(const RunNotes& notes);
RunNotes run_notes(const std::string& text);

}  // namespace linnet::tool
