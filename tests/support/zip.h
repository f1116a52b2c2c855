#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace linnet::testing {

/// Writes a zip archive with these members (name, content) in this order, stored or compressed.
void write_zip(const std::filesystem::path& file, const std::vector<std::pair<std::string, std::string>>& members, bool compressed = false);

}  // namespace linnet::testing
