#include "framework/io/directory.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "framework/core/error.h"

namespace linnet {
namespace {

struct Close {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

}  // namespace

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  const std::unique_ptr<DIR, Close> stream(::opendir(directory.c_str()));
  std::vector<std::string> names;
  if (!stream && errno == ENOENT) return names;
  const dirent* entry = nullptr;
  while (stream && (errno = 0, entry = ::readdir(stream.get())) != nullptr) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  check_file(errno == 0, "list: the directory ", directory, " must be readable, got: ", std::strerror(errno));
  std::ranges::sort(names);
  return names;
}

std::string zero_filled(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace linnet
