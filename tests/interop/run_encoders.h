#pragma once

#include <filesystem>

namespace linnet::interop {

/// Runs the encoders that `cases` lists (`config` of a BertBackbone, its `dtype`, `normalize_first` of its layers) on the arrays of the same
/// number in `arrays`: <i>/{inputs,cotangents,weights}/…; writes <i>/{outputs,gradients}/…, those of sum(outputs * cotangents).
void run_encoders(const std::filesystem::path& cases, const std::filesystem::path& arrays, const std::filesystem::path& results);

}  // namespace linnet::interop
