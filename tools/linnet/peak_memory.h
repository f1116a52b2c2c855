#pragma once

#include <cstdint>
#include <string>

namespace linnet::tool {

/// Most memory that the process has had so far: its resident pages, those of mapped files included.
std::int64_t peak_memory_bytes();
/// "peak memory 121 MB".
std::string peak_memory_text();

}  // namespace linnet::tool
