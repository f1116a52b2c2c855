#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace linnet {

/// A zip archive opened for reading, such as Keras' .keras files. Members are addressed by name; nothing is written but where
/// the caller says. All methods throw std::runtime_error naming the archive and the member.
class ZipFile {
 public:
  /// Throws if the file is missing or no zip archive.
  explicit ZipFile(std::filesystem::path file);

  const std::filesystem::path& path() const { return file_; }
  /// Names of the regular files, in the archive's order.
  const std::vector<std::string>& names() const { return names_; }
  bool contains(const std::string& name) const;
  /// The content of a member of at most `limit` bytes. Throws if there is none of that name, or two.
  std::string read(const std::string& name, std::int64_t limit = std::int64_t{64} << 20) const;
  /// Writes a member to `target`. Throws also if it is more than a hundred times as large as the archive: Keras stores members
  /// as they are.
  void extract(const std::string& name, const std::filesystem::path& target) const;

 private:
  void read_member(const std::string& name, std::int64_t limit, const std::function<void(const char*, std::size_t)>& take) const;

  std::filesystem::path file_;
  std::vector<std::string> names_;
};

}  // namespace linnet
