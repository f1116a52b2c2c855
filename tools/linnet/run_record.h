#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/json.h"
#include "framework/train/evaluate.h"

namespace linnet::tool {

/// What one epoch of a fine-tuning run came to.
struct EpochResult {
  double seconds = 0, sentences_per_second = 0;
  double train_loss = 0, train_accuracy = 0;  ///< means over the epoch, dropout included
  std::optional<Accuracy> dev = {};
};

/// Writes DIR/run.json: the program's version, the command's flags, the CPU's instruction set, BLAS kernels and threads,
/// and the results of each epoch. Throws std::runtime_error if it cannot be written.
void save_run_record(const std::filesystem::path& directory, const FieldList& flags, const std::vector<EpochResult>& epochs);

}  // namespace linnet::tool
