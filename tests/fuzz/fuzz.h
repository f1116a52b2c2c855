#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets share. A target is a file NAME_fuzz.cpp that defines LLVMFuzzerTestOneInput: it hands the bytes to one
/// of the library's doors and aborts if what comes back breaks a promise. Crashes, sanitizer reports and exceptions that the
/// door does not promise are findings of themselves.
namespace linnet::fuzz {

/// One input as text.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Several files or arguments in one input: what lies between lines that hold `%%` alone.
std::vector<std::string> parts_of(std::string_view input);

/// Aborts, which makes the input a finding, unless `ok`.
void require(bool ok, const char* promise);

/// Runs f; true unless it threw an E with a message. Readers of files promise std::runtime_error and nothing else, functions
/// that take arguments std::invalid_argument.
template <class E = std::runtime_error, class F>
bool accepts(F&& f) {
  try {
    f();
    return true;
  } catch (const E& error) {
    require(*error.what() != '\0', "an error has a message");
    return false;
  }
}

/// A file that stays where it is for all inputs of a process: below $TMPDIR, best in memory.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name);
  const std::filesystem::path& path() const { return path_; }
  void write(std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

/// A directory of this process, empty at first.
const std::filesystem::path& scratch_directory();
/// Makes it empty again.
void clear_scratch_directory();

/// True if the text names a size that makes a model of more than some megabytes and less than what is refused: between 100 and
/// 10^12. Memory that a config asks for rightly is no finding, and slow.
bool asks_for_much(std::string_view json);

}  // namespace linnet::fuzz
