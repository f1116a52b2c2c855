#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace linnet {

/// The names of what lies in a directory, sorted, without "." and ".."; none if there is no such directory. Throws std::runtime_error
/// naming the directory and the system's reason if it cannot be read. In place of std::filesystem's iterator, which in g++ 12 ends the
/// program where memory ends.
std::vector<std::string> names_in(const std::filesystem::path& directory);

}  // namespace linnet
