#pragma once

#include <filesystem>

#include "framework/data/dataset.h"

namespace linnet {

/// Reads plain text, an unlabelled example a line; lines end in `\n` or `\r\n`, and empty ones are passed over. Throws
/// std::runtime_error that names file and line: no such file, no text, text that is not UTF-8.
TextDataset read_text_lines(const std::filesystem::path& file);

}  // namespace linnet
