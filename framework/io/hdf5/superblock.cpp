#include "framework/io/hdf5/superblock.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n", kWhat = "the superblock";

void require_eight(unsigned offsets, unsigned lengths) {
  require(offsets == 8 && lengths == 8, kWhat, ": offsets and lengths must have 8 bytes, got ", offsets, " and ", lengths);
}

void require_whole(const Image& image, std::uint64_t base, std::uint64_t end) {
  require(base == 0, kWhat, ": the base address must be 0, got ", base);
  require(end <= image.size(), "must have ", end, " bytes, got ", image.size(), " (is it cut off?)");
  require(end == image.size(), "must end where its superblock says, at ", end, ", got ", image.size(), " bytes");
}

std::uint64_t read_old(Image& image, unsigned version) {
  Cursor in(image.claim(0, version == 0 ? 96 : 100, kWhat), kWhat);
  in.skip(9);
  const unsigned free_space = in.u8(), root = in.u8(), reserved = in.u8(), shared = in.u8();
  require(free_space == 0 && root == 0 && reserved == 0 && shared == 0, kWhat, ": the versions of its parts must be 0");
  const unsigned offsets = in.u8(), lengths = in.u8();
  require_eight(offsets, lengths);
  in.skip(5);  // a reserved byte, and how wide B-trees of groups are
  require(in.u32() == 0, kWhat, ": the consistency flags must be 0");
  if (version == 1) in.skip(4);  // how wide B-trees of chunks are
  const std::uint64_t base = in.u64();
  in.skip(8);  // free space
  require_whole(image, base, in.u64());
  require(in.u64() == kUndefined, kWhat, ": there must be no block for a file driver");
  in.skip(8);  // the root's entry in a symbol table (III.C): a name, which it has not
  return in.u64();
}

std::uint64_t read_new(Image& image) {
  const Bytes bytes = image.claim(0, 48, kWhat);
  require_checksum(bytes, kWhat);
  Cursor in(bytes, kWhat);
  in.skip(9);
  const unsigned offsets = in.u8(), lengths = in.u8();
  require_eight(offsets, lengths);
  require(in.u8() == 0, "must have been closed after writing, got a file marked as open (h5clear -s clears the mark)");
  const std::uint64_t base = in.u64(), extension = in.u64();
  require_whole(image, base, in.u64());
  require(extension == kUndefined, kWhat, ": there must be no extension (h5repack writes a file without)");
  return in.u64();
}

bool signature_at(const Image& image, std::uint64_t address) {
  return Cursor(image.peek(address, kSignature.size(), kWhat), kWhat).text(kSignature.size()) == kSignature;
}

}  // namespace

std::uint64_t read_superblock(Image& image) {
  if (image.size() < 9 || !signature_at(image, 0)) {
    for (std::uint64_t block = 512; block + 8 <= image.size(); block *= 2)
      require(!signature_at(image, block), "must begin with HDF5's signature, got a user block of ", block, " bytes before it");
    require(false, "must begin with HDF5's signature (is it a Keras 3 .weights.h5?)");
  }
  const unsigned version = Cursor(image.peek(8, 1, kWhat), kWhat).u8();
  require(version <= 3, "the superblock's version must be 0 to 3, got ", version);
  return version <= 1 ? read_old(image, version) : read_new(image);
}

}  // namespace linnet::hdf5
