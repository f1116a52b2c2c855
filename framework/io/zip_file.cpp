#include "framework/io/zip_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "framework/core/error.h"

namespace linnet {
namespace {

using Reader = std::unique_ptr<archive, int (*)(archive*)>;

/// Why the last call failed, as far as libarchive says.
std::string reason_of(const Reader& reader) {
  const char* text = archive_error_string(reader.get());
  return text ? text : "no reason given";
}

Reader open_archive(const std::filesystem::path& file) {
  std::error_code error;
  check_file(std::filesystem::is_regular_file(file, error), "ZipFile: ", file.string(), ": must be a zip archive, got no such file");
  Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_zip_seekable(reader.get());
  const int status = archive_read_open_filename(reader.get(), file.c_str(), 1 << 16);  // before the reason is asked for
  check_file(status == ARCHIVE_OK, "ZipFile: ", file.string(), ": must be a zip archive: ", reason_of(reader));
  return reader;
}

/// The next entry; null at the end.
archive_entry* next_entry(const Reader& reader, const std::filesystem::path& file) {
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader.get(), &entry);
  if (status == ARCHIVE_EOF) return nullptr;
  check_file(status == ARCHIVE_OK, "ZipFile: ", file.string(), ": must be a zip archive: ", reason_of(reader));
  return entry;
}

std::string name_of(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  return name ? name : "";
}

/// Hands on the bytes of the entry that `reader` stands at; their checksum was right when it returns.
void read_entry(const Reader& reader, const std::string& where, std::int64_t limit, const std::function<void(const char*, std::size_t)>& take) {
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  std::int64_t total = 0;
  for (;;) {
    const int status = archive_read_data_block(reader.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return;
    check_file(status == ARCHIVE_OK, where, " is damaged: ", reason_of(reader));
    check_file(offset == total, where, " is damaged: it has a gap at byte ", total);
    total += static_cast<std::int64_t>(size);
    check_file(total <= limit, where, " must have at most ", limit, " bytes, got more");
    take(static_cast<const char*>(data), size);
  }
}

}  // namespace

ZipFile::ZipFile(std::filesystem::path file) : file_(std::move(file)) {
  const Reader reader = open_archive(file_);
  while (archive_entry* entry = next_entry(reader, file_))
    if (archive_entry_filetype(entry) == AE_IFREG) names_.push_back(name_of(entry));
}

bool ZipFile::contains(const std::string& name) const { return std::ranges::find(names_, name) != names_.end(); }

std::string ZipFile::read(const std::string& name, std::int64_t limit) const {
  std::string content;
  read_member(name, limit, [&](const char* data, std::size_t size) { content.append(data, size); });
  return content;
}

void ZipFile::extract(const std::string& name, const std::filesystem::path& target) const {
  constexpr std::int64_t kMostGrowth = 100;
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file_));
  read_member(name, kMostGrowth * size, [&](const char* data, std::size_t count) { out.write(data, static_cast<std::streamsize>(count)); });
  out.close();
  check_file(out.good(), "ZipFile: ", file_.string(), ": cannot write ", name, " to ", target.string());
}

void ZipFile::read_member(const std::string& name, std::int64_t limit, const std::function<void(const char*, std::size_t)>& take) const {
  const auto count = std::ranges::count(names_, name);
  const std::string where = cat("ZipFile: ", file_.string(), ": ", name);
  check_file(count == 1, where, count == 0 ? " is missing" : " must be there once, got it several times");
  const Reader reader = open_archive(file_);
  while (archive_entry* entry = next_entry(reader, file_))
    if (archive_entry_filetype(entry) == AE_IFREG && name_of(entry) == name) return read_entry(reader, where, limit, take);
}

}  // namespace linnet
