#pragma once

#include <filesystem>

// Where things lie in this build tree. The one place that knows, so that no other file is compiled anew when a checkout moves.

namespace linnet::testing {

std::filesystem::path source_directory();
/// The program `linnet`.
std::filesystem::path linnet_program();
/// docs/examples/finetune_sst2.cpp, built.
std::filesystem::path finetune_sst2_example();
/// docs/examples/word_models.cpp, built.
std::filesystem::path word_models_example();

}  // namespace linnet::testing
