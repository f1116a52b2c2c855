#include "framework/hub/archive.h"

#include <algorithm>

#include "framework/hub/handle.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

/// A tar, tar.gz or zip archive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::clear_scratch_directory();
  static const fuzz::ScratchFile file("archive"), one("one");
  file.write(fuzz::text_of(data, size));
  const std::filesystem::path directory = fuzz::scratch_directory() / "unpacked";
  const hub::ArchiveLimits limits{.files = 20, .bytes_without_question = 1 << 20, .ratio = 100};
  fuzz::accepts([&] {
    const std::vector<std::string> names = hub::extract_archive(file.path(), directory, limits);
    fuzz::require(!names.empty() && std::ranges::is_sorted(names) && std::ranges::adjacent_find(names) == names.end(), "names are sorted and new");
    for (const std::string& name : names) {
      fuzz::require(hub::is_safe_path(name), "names are safe");
      const auto status = std::filesystem::symlink_status(directory / name);
      fuzz::require(std::filesystem::is_regular_file(status), "what appears is regular files");
      fuzz::require((status.permissions() & std::filesystem::perms::set_uid) == std::filesystem::perms::none, "without setuid");
    }
    std::filesystem::remove_all(directory);
    fuzz::accepts([&] { hub::extract_one(file.path(), names[0], one.path(), limits); });
  });
  for (const auto& entry : std::filesystem::directory_iterator(fuzz::scratch_directory())) {
    const std::filesystem::path name = entry.path().filename();
    fuzz::require(name == "archive" || name == "one", "nothing is left beside the directory, and nothing in it after a failure");
  }
  return 0;
}
