#include "framework/io/hdf5/btree.h"

#include <bit>
#include <optional>
#include <vector>

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kNode = "a B-tree's node", kHeader = "a B-tree's header";

class TreeReader {
 public:
  TreeReader(Image& image, unsigned type, std::uint64_t key_size, const std::function<void(Bytes, std::uint64_t)>& leaf)
      : image_(image), type_(type), key_size_(key_size), leaf_(leaf) {}

  /// `level`: what the node above demands, none for the root. Recursion ends with level 0, and no node is read twice.
  void read(std::uint64_t address, std::optional<unsigned> level) {
    constexpr std::uint64_t kHead = 24;
    Cursor head(image_.claim(address, kHead, kNode), kNode);
    head.signature("TREE");
    const unsigned type = head.u8(), here = head.u8(), entries = head.u16();
    require(type == type_, kNode, " must have type ", type_, ", got ", type);
    require(!level || here == *level, kNode, " must be of level ", level.value_or(0), ", got ", here);
    Cursor in(image_.claim(address + kHead, entries * (key_size_ + 8) + key_size_, kNode), kNode);
    for (unsigned i = 0; i < entries; ++i) {
      const Bytes key = in.take(key_size_);
      const std::uint64_t child = in.u64();
      if (here == 0) leaf_(key, child);
      else read(child, here - 1);
    }
  }

 private:
  Image& image_;
  unsigned type_;
  std::uint64_t key_size_;
  const std::function<void(Bytes, std::uint64_t)>& leaf_;
};

/// Bytes that hold every number up to `largest`.
std::size_t width_of(std::uint64_t largest) { return largest == 0 ? 0 : (std::bit_width(largest) + 7) / 8; }

class LinkTreeReader {
 public:
  LinkTreeReader(Image& image, const std::function<void(Bytes)>& record) : image_(image), record_(record) {}

  void read(std::uint64_t address) {
    const Bytes bytes = image_.claim(address, 38, kHeader);
    require_checksum(bytes, kHeader);
    Cursor in(bytes, kHeader);
    in.signature("BTHD");
    in.version(0);
    require(in.u8() == kType, kHeader, " must be of links by their names");
    const std::uint64_t node_size = in.u32();
    record_size_ = in.u16();
    const unsigned depth = in.u16();
    in.skip(2);  // when nodes are split and merged
    const std::uint64_t root = in.u64(), records = in.u16();
    require(record_size_ > 4 && depth < 16 && node_size > kOverhead + record_size_, kHeader, " must have nodes that hold records");
    // How wide a pointer to a node is follows from the most records there can be in and below it.
    std::uint64_t most = (node_size - kOverhead) / record_size_, below = most;
    count_width_ = width_of(most);
    total_widths_.assign(1, 0);
    for (unsigned level = 1; level <= depth; ++level) {
      const std::uint64_t pointer = 8 + count_width_ + total_widths_.back();
      require(node_size > kOverhead + pointer, kHeader, " must have nodes that hold records");
      most = (node_size - kOverhead - pointer) / (record_size_ + pointer);
      require(!__builtin_mul_overflow(most + 1, below, &below) && !__builtin_add_overflow(below, most, &below), kHeader, " is too deep");
      total_widths_.push_back(width_of(below));
    }
    if (records > 0) read_node(root, records, depth);
  }

 private:
  static constexpr unsigned kType = 5;
  static constexpr std::uint64_t kOverhead = 10;  // signature, version, type, checksum

  void read_node(std::uint64_t address, std::uint64_t records, unsigned level) {
    const std::uint64_t pointer = level == 0 ? 0 : 8 + count_width_ + total_widths_[level - 1];
    const Bytes bytes = image_.claim(address, kOverhead + records * record_size_ + (level == 0 ? 0 : (records + 1) * pointer), kNode);
    require_checksum(bytes, kNode);
    Cursor in(bytes, kNode);
    in.signature(level == 0 ? "BTLF" : "BTIN");
    in.version(0);
    require(in.u8() == kType, kNode, " must be of links by their names");
    for (std::uint64_t i = 0; i < records; ++i) record_(in.take(record_size_));
    if (level == 0) return;
    for (std::uint64_t i = 0; i <= records; ++i) {
      const std::uint64_t child = in.u64(), held = in.number(count_width_);
      in.skip(total_widths_[level - 1]);
      read_node(child, held, level - 1);
    }
  }

  Image& image_;
  const std::function<void(Bytes)>& record_;
  std::uint64_t record_size_ = 0;
  std::size_t count_width_ = 0;
  std::vector<std::size_t> total_widths_;  // by level: bytes of the number of records in and below a node
};

}  // namespace

void read_btree(Image& image, std::uint64_t address, unsigned type, std::uint64_t key_size, const std::function<void(Bytes, std::uint64_t)>& leaf) {
  TreeReader(image, type, key_size, leaf).read(address, std::nullopt);
}

void read_link_btree(Image& image, std::uint64_t address, const std::function<void(Bytes)>& record) { LinkTreeReader(image, record).read(address); }

}  // namespace linnet::hdf5
