#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linnet {

/// The names of what lies in a directory, sorted, without "." and ".."; none if there is no such directory. Throws std::runtime_error
/// naming the directory and the system's reason if it cannot be read. In place of std::filesystem's iterator, which in g++ 12 ends the
/// program where memory ends.
std::vector<std::string> names_in(const std::filesystem::path& directory);

/// A number as names of files have it, so that they sort: at least `digits` digits, zeros before it. (7, 5) is 00007.
std::string zero_filled(std::int64_t number, std::size_t digits);

}  // namespace linnet
