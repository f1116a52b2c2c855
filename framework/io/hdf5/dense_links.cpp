#include "framework/io/hdf5/dense_links.h"

#include <algorithm>
#include <bit>

#include "framework/io/hdf5/btree.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kHeap = "a fractal heap", kDirect = "a fractal heap's direct block", kIndirect = "a fractal heap's indirect block";

/// III.G: objects lie in blocks of a doubling table. Rows 0 and 1 have blocks of one size, each further row twice that of the one
/// before; rows of large blocks have indirect blocks instead, tables of their own.
class FractalHeap {
 public:
  FractalHeap(Image& image, std::uint64_t address) : image_(image), address_(address) {
    const Bytes bytes = image.claim(address, 146, kHeap);
    require_checksum(bytes, kHeap);
    Cursor in(bytes, kHeap);
    in.signature("FRHP");
    in.version(0);
    id_size_ = in.u16();
    require(in.u16() == 0, kHeap, " must not be filtered");
    checksums_ = in.u8() & 2;
    const std::uint64_t largest_object = in.u32();
    in.skip(96);  // counts, and where what is huge and what is free are
    width_ = in.u16();
    start_size_ = in.u64();
    const std::uint64_t largest_block = in.u64();
    const unsigned bits = in.u16();
    in.skip(2);
    const std::uint64_t root = in.u64(), rows = in.u16();
    const bool fits = std::has_single_bit(width_) && std::has_single_bit(start_size_) && std::has_single_bit(largest_block) &&
                      start_size_ <= largest_block / width_ && largest_block <= std::uint64_t{1} << 32 && bits > 0 && bits <= 64;
    require(fits, kHeap, " must have blocks whose sizes are powers of two, of which a row is no larger than the largest");
    direct_rows_ = static_cast<unsigned>(std::bit_width(largest_block) - std::bit_width(start_size_)) + 2;
    offset_size_ = (bits + 7) / 8;
    // A length is as wide as an offset into the largest block, or as the largest object's length.
    length_size_ = std::min<std::size_t>((static_cast<std::size_t>(std::bit_width(largest_block)) + 6) / 8,
                                         (static_cast<std::size_t>(std::bit_width(largest_object)) + 7) / 8);
    require(length_size_ > 0 && id_size_ >= 1 + offset_size_ + length_size_, kHeap, " must have ids that hold an offset and a length");
    if (root == kUndefined) return;
    if (rows == 0) read_direct(root, 0, start_size_);
    else read_indirect(root, 0, rows);
  }

  /// The object of an id: where in the heap it begins, and its length.
  Bytes object(Bytes id) const {
    Cursor in(id, kHeap);
    const unsigned kind = in.u8();
    require((kind & 0xF0) == 0, kHeap, " must hold its objects in blocks, got an id of kind ", kind);
    const std::uint64_t offset = in.number(offset_size_), length = in.number(length_size_);
    auto block = std::ranges::upper_bound(blocks_, offset, {}, &Block::offset);
    require(block != blocks_.begin(), kHeap, " must hold the object at ", offset);
    --block;
    const std::uint64_t begin = offset - block->offset;
    require(begin >= head_size() && begin <= block->bytes.size() && length <= block->bytes.size() - begin, kHeap, " must hold the object at ",
            offset);
    return block->bytes.subspan(begin, length);
  }

 private:
  struct Block {
    std::uint64_t offset;  // in the heap's own space, in which a block begins with its head
    Bytes bytes;
  };

  std::size_t head_size() const { return 13 + offset_size_ + (checksums_ ? 4 : 0); }
  std::uint64_t row_size(std::uint64_t row) const { return row == 0 ? start_size_ : start_size_ << (row - 1); }

  void check_head(Cursor& in, std::string_view signature, std::string_view what, std::uint64_t offset) const {
    in.signature(signature);
    in.version(0);
    require(in.u64() == address_ && in.number(offset_size_) == offset, what, " must be where its heap has it");
  }

  void read_direct(std::uint64_t at, std::uint64_t offset, std::uint64_t size) {
    require(size >= head_size(), kDirect, " must hold its head");
    const Bytes bytes = image_.claim(at, size, kDirect);
    Cursor in(bytes, kDirect);
    check_head(in, "FHDB", kDirect, offset);
    if (checksums_) {  // of the block as it is with zeros in place of the checksum
      std::vector<std::byte> copy(bytes.begin(), bytes.end());
      std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(head_size() - 4), 4, std::byte{0});
      require_checksum(in.u32(), copy, kDirect);
    }
    blocks_.push_back({offset, bytes});
  }

  void read_indirect(std::uint64_t at, std::uint64_t offset, std::uint64_t rows) {
    require(rows > 0 && rows + static_cast<std::uint64_t>(std::bit_width(start_size_)) < 64, kIndirect, " must have a fitting number of rows, got ",
            rows);
    const Bytes bytes = image_.claim(at, 13 + offset_size_ + rows * width_ * 8 + 4, kIndirect);
    require_checksum(bytes, kIndirect);
    Cursor in(bytes, kIndirect);
    check_head(in, "FHIB", kIndirect, offset);
    for (std::uint64_t row = 0; row < rows; ++row) {
      const std::uint64_t size = row_size(row);
      for (std::uint64_t column = 0; column < width_; ++column, offset += size) {
        const std::uint64_t child = in.u64();
        if (child == kUndefined) continue;
        if (row < direct_rows_) read_direct(child, offset, size);
        else read_indirect(child, offset, rows_of(size));
      }
    }
  }

  /// Rows of an indirect block that spans `size`: the first row spans width blocks, every further one as much as all before it.
  std::uint64_t rows_of(std::uint64_t size) const {
    const std::uint64_t first = start_size_ * width_;
    return static_cast<std::uint64_t>(std::bit_width(size) - std::bit_width(first)) + 1;
  }

  Image& image_;
  std::uint64_t address_, id_size_ = 0, width_ = 0, start_size_ = 0;
  unsigned direct_rows_ = 0;
  std::size_t offset_size_ = 0, length_size_ = 0;
  bool checksums_ = false;
  std::vector<Block> blocks_;  // by offset: they are read in that order
};

}  // namespace

void read_dense_links(Image& image, std::uint64_t heap_address, std::uint64_t tree, std::vector<Link>& links) {
  const FractalHeap heap(image, heap_address);
  read_link_btree(image, tree, [&](Bytes record) {
    links.push_back(read_link(heap.object(record.subspan(4))));  // behind the hash of the name
    require(links.size() <= 65536, "a group must have at most 65536 links");
  });
}

}  // namespace linnet::hdf5
