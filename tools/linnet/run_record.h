#pragma once

#include <filesystem>
#include <vector>

#include "framework/config/json.h"
#include "tools/linnet/epoch_result.h"

namespace linnet::tool {

/// Writes DIR/run.json: the program's version, the command's flags, the CPU's instruction set, BLAS kernels and threads, its peak memory,
/// and the results of each epoch. Throws std::runtime_error if it cannot be written.
void save_run_record(const std::filesystem::path& directory, const FieldList& flags, const std::vector<EpochResult>& epochs);

}  // namespace linnet::tool
