#include "framework/io/hdf5/object_header.h"

#include <algorithm>

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kWhat = "an object header", kMore = "an object header's continuation";
constexpr std::size_t kMostMessages = 65536;

struct Block {
  std::uint64_t address, size;
};

class HeaderReader {
 public:
  explicit HeaderReader(Image& image) : image_(image) {}

  /// IV.A.1.a: a prefix of 16 bytes, then messages; a continuation is messages alone.
  void read_version_1(std::uint64_t address) {
    Cursor prefix(image_.claim(address, 16, kWhat), kWhat);
    prefix.version(1);
    prefix.skip(1);
    const std::uint64_t expected = prefix.u16();
    prefix.skip(4);  // number of links
    read_messages_1(image_.claim(address + 16, prefix.u32(), kWhat), kWhat);
    for (std::size_t i = 0; i < continuations_.size(); ++i)
      read_messages_1(image_.claim(continuations_[i].address, continuations_[i].size, kMore), kMore);
    require(seen_ == expected, kWhat, " must have the ", expected, " messages it announces, got ", seen_);
  }

  /// IV.A.1.b: a prefix whose length depends on its flags, messages, a checksum; a continuation has a signature and a checksum too.
  void read_version_2(std::uint64_t address) {
    constexpr std::uint64_t kStart = 6;
    const auto at = [&](std::uint64_t offset, std::uint64_t size) { return Cursor(image_.peek(address + offset, size, kWhat), kWhat); };
    Cursor start = at(0, kStart);
    start.signature("OHDR");
    start.version(2);
    const unsigned flags = start.u8();
    const std::uint64_t width = std::uint64_t{1} << (flags & 3), optional = (flags & 0x20 ? 16u : 0u) + (flags & 0x10 ? 4u : 0u);
    const std::uint64_t messages = at(kStart + optional, width).number(width), prefix = kStart + optional + width;
    require(messages <= image_.size(), kWhat, " must lie in the file, got ", messages, " bytes");
    ordered_ = flags & 4;
    read_block_2(image_.claim(address, prefix + messages + 4, kWhat), prefix, kWhat);
    for (std::size_t i = 0; i < continuations_.size(); ++i) {
      const Bytes block = image_.claim(continuations_[i].address, continuations_[i].size, kMore);
      Cursor(block, kMore).signature("OCHK");
      read_block_2(block, 4, kMore);
    }
  }

  std::vector<Message> messages() && { return std::move(messages_); }

 private:
  void read_messages_1(Bytes block, std::string_view what) {
    Cursor in(block, what);
    while (in.left() > 0) {
      const unsigned type = in.u16(), size = in.u16(), flags = in.u8();
      in.skip(3);
      add(type, flags, in.take(size));
    }
  }

  void read_block_2(Bytes block, std::uint64_t prefix, std::string_view what) {
    require(block.size() >= prefix + 4, what, " is cut off");
    require_checksum(block, what);
    Cursor in(block.first(block.size() - 4), what);
    in.skip(prefix);
    const std::size_t head = ordered_ ? 6 : 4;
    while (in.left() >= head) {  // what is left is too short for a message: a gap
      const unsigned type = in.u8(), size = in.u16(), flags = in.u8();
      if (ordered_) in.skip(2);
      add(type, flags, in.take(size));
    }
  }

  void add(unsigned type, unsigned flags, Bytes bytes) {
    ++seen_;
    require((flags & 2) == 0, "a message must not be shared, got one of type ", type, " that is (a named datatype?)");
    switch (type) {
      case 0x00:  // nothing
      case 0x04:
      case 0x05:  // fill values: every element of ours is stored
      case 0x0A:  // hints for groups
      case 0x0D:  // a comment
      case 0x0E:
      case 0x12:  // a time
      case 0x16:  // number of links
        return;
      case 0x10: {
        Cursor in(bytes, kMore);
        const std::uint64_t address = in.u64();
        continuations_.push_back({address, in.u64()});
        return;
      }
      case 0x07: require(false, "must be stored in the file itself, got external storage"); return;
      default: break;
    }
    constexpr MessageType kKnown[] = {MessageType::dataspace, MessageType::link_info,    MessageType::datatype,
                                      MessageType::link,      MessageType::layout,       MessageType::filters,
                                      MessageType::attribute, MessageType::symbol_table, MessageType::attribute_info};
    require(std::ranges::find(kKnown, static_cast<MessageType>(type)) != std::end(kKnown), "messages must be of a known type, got type ", type);
    require(messages_.size() < kMostMessages, kWhat, " must have at most ", kMostMessages, " messages");
    messages_.push_back({static_cast<MessageType>(type), bytes});
  }

  Image& image_;
  bool ordered_ = false;  // messages have a number: attributes remember in which order they came
  std::uint64_t seen_ = 0;
  std::vector<Block> continuations_;
  std::vector<Message> messages_;
};

}  // namespace

std::vector<Message> read_object_header(Image& image, std::uint64_t address) {
  HeaderReader reader(image);
  const unsigned first = Cursor(image.peek(address, 1, kWhat), kWhat).u8();
  if (first == 1) reader.read_version_1(address);
  else reader.read_version_2(address);
  return std::move(reader).messages();
}

}  // namespace linnet::hdf5
