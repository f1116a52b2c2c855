#include "framework/hub/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "framework/core/error.h"

namespace linnet::hub {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& text, unsigned char byte) {
  text += kHex[byte >> 4];
  text += kHex[byte & 15];
}

const EVP_MD* algorithm(DigestKind kind) {
  if (kind == DigestKind::sha256) return EVP_sha256();
  return kind == DigestKind::md5 ? EVP_md5() : EVP_sha1();
}

}  // namespace

std::string digest(const std::filesystem::path& file, DigestKind kind) {
  std::ifstream stream(file, std::ios::binary);
  check_file(stream.is_open(), "digest: cannot open ", file.string());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool ok = context && EVP_DigestInit_ex(context.get(), algorithm(kind), nullptr) == 1;
  if (kind == DigestKind::git_blob) {
    const std::string head = cat("blob ", std::filesystem::file_size(file), '\0');
    ok = ok && EVP_DigestUpdate(context.get(), head.data(), head.size()) == 1;
  }
  std::vector<char> block(std::size_t{1} << 18);
  while (ok && stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    ok = EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(stream.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  ok = ok && stream.eof() && EVP_DigestFinal_ex(context.get(), bytes.data(), &size) == 1;
  check_file(ok, "digest: cannot read ", file.string());
  std::string text;
  for (unsigned i = 0; i < size; ++i) append_hex(text, bytes[i]);
  return text;
}

std::string base64_to_hex(std::string_view text) {
  std::array<unsigned char, 96> bytes{};
  if (text.empty() || text.size() % 4 != 0 || text.size() > 128) return {};
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  const auto padding = static_cast<int>(std::ranges::count(text.substr(text.size() - 2), '='));
  std::string hex;
  for (int i = 0; i < size - padding; ++i) append_hex(hex, bytes[static_cast<std::size_t>(i)]);
  return hex;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) { return kHex.find(c) != std::string_view::npos; });
}

}  // namespace linnet::hub
