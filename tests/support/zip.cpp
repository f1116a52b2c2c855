#include "tests/support/zip.h"

#include <archive.h>
#include <archive_entry.h>

#include "framework/core/error.h"

namespace linnet::testing {

void write_zip(const std::filesystem::path& file, const std::vector<std::pair<std::string, std::string>>& members, bool compressed) {
  archive* out = archive_write_new();
  archive_write_set_format_zip(out);
  archive_write_set_options(out, compressed ? "compression=deflate" : "compression=store");
  bool good = archive_write_open_filename(out, file.c_str()) == ARCHIVE_OK;
  for (const auto& [name, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    good = good && archive_write_header(out, entry) == ARCHIVE_OK;
    good = good && archive_write_data(out, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
    archive_entry_free(entry);
  }
  good = archive_write_close(out) == ARCHIVE_OK && good;
  archive_write_free(out);
  check_file(good, "write_zip: cannot write ", file.string());
}

}  // namespace linnet::testing
