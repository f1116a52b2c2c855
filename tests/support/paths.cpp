#include "tests/support/paths.h"

namespace linnet::testing {

std::filesystem::path source_directory() { return LINNET_SOURCE_DIR; }
std::filesystem::path linnet_program() { return LINNET_PROGRAM; }
std::filesystem::path finetune_sst2_example() { return LINNET_FINETUNE_SST2; }
std::filesystem::path word_models_example() { return LINNET_WORD_MODELS; }

}  // namespace linnet::testing
