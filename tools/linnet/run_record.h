#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/config/json.h"
#include "tools/linnet/classify.h"

namespace linnet::tool {

/// What one epoch of a training run came to.
struct EpochResult {
  double seconds = 0, sentences_per_second = 0;
  double train_loss = 0;                      ///< mean over the epoch, dropout included, as is the next
  std::optional<double> train_accuracy = {};  ///< none for regression
  std::optional<Measures> dev = {};
};

/// Writes DIR/run.json: the program's version, the command's flags, the CPU's instruction set, BLAS kernels and threads,
/// and the results of each epoch. Throws std::runtime_error if it cannot be written.
void save_run_record(const std::filesystem::path& directory, const FieldList& flags, const std::vector<EpochResult>& epochs);

}  // namespace linnet::tool
