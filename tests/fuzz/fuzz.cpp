#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace linnet::fuzz {

std::vector<std::string> parts_of(std::string_view input) {
  constexpr std::string_view kBetween = "\n%%\n";
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = input.find(kBetween);
    parts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) return parts;
    input.remove_prefix(end + kBetween.size());
  }
}

void require(bool ok, const char* promise) {
  if (ok) return;
  std::fprintf(stderr, "promise broken: %s\n", promise);
  std::abort();
}

const std::filesystem::path& scratch_directory() {
  static const testing::TemporaryDirectory directory;
  return directory.path();
}

void clear_scratch_directory() {
  for (const auto& entry : std::filesystem::directory_iterator(scratch_directory())) std::filesystem::remove_all(entry.path());
}

ScratchFile::ScratchFile(const std::string& name) : path_(scratch_directory() / name) {}

void ScratchFile::write(std::string_view bytes) const {
  std::ofstream stream(path_, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  require(stream.good(), "the scratch file can be written");
}

bool asks_for_much(std::string_view json) {
  std::size_t digits = 0;
  for (const char c : json) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && digits > 2 && digits < 13) return true;
    digits = digit ? digits + 1 : 0;
  }
  return digits > 2 && digits < 13;
}

}  // namespace linnet::fuzz
