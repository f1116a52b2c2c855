#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace linnet::hub {

/// How a hub says what a file's bytes are.
enum class DigestKind {
  sha256,    ///< Hugging Face's ETag of large files
  git_blob,  ///< its ETag of small ones: SHA-1 of "blob SIZE\0" and the bytes, as git names them
  sha1,
  md5,  ///< Google Cloud Storage's X-Goog-Hash
};

/// The digest of a file's bytes, in lower-case hexadecimal. Throws std::runtime_error naming the file if it cannot be read.
std::string digest(const std::filesystem::path& file, DigestKind kind);

/// Base64 to lower-case hexadecimal; empty if it is no base64.
std::string base64_to_hex(std::string_view text);
/// True for `digits` characters, all of 0-9 and a-f.
bool is_hex(std::string_view text, std::size_t digits);

}  // namespace linnet::hub
