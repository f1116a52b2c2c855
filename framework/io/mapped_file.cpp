#include "framework/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "framework/core/error.h"
#include "framework/core/parallel.h"
#include "framework/io/unbroken.h"

namespace linnet {
namespace {

/// Gives back the memory of the pages within `part`.
void release(std::span<const std::byte> part) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
  // Only advice: the pages are of a file and unchanged, so nothing is lost.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file, Access access) {
  const int descriptor = unbroken([&] { return ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
  check_file(descriptor >= 0, "read: cannot open ", file.string(), ": ", std::strerror(errno));
  struct stat status = {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* start = nullptr;
  if (regular && size > 0) start = ::mmap(nullptr, size, access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  check_file(regular, "read: ", file.string(), " must be a regular file");
  check_file(start != MAP_FAILED, "read: cannot map ", file.string(), ": ", std::strerror(error));
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::copy_out(std::span<const std::byte> part, void* to) {
  // Pieces begin at round addresses: the system pages in some neighbours of what is read, and those of a piece that was given back
  // already would stay.
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  const std::size_t before = reinterpret_cast<std::uintptr_t>(part.data()) % kPiece;
  parallel_tasks(static_cast<std::int64_t>((before + part.size() + kPiece - 1) / kPiece), [&](std::int64_t i) {
    const std::size_t start = static_cast<std::size_t>(i) * kPiece;
    const std::size_t begin = std::max(start, before) - before, end = std::min(start + kPiece - before, part.size());
    const auto piece = part.subspan(begin, end - begin);
    std::memcpy(static_cast<std::byte*>(to) + begin, piece.data(), piece.size());
    release(piece);
  });
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace linnet
