#include "framework/io/hdf5/links.h"

#include <algorithm>

#include "framework/io/hdf5/btree.h"
#include "framework/io/hdf5/dense_links.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kTable = "a symbol table", kNode = "a symbol table's node", kHeap = "a local heap", kLink = "a link",
                           kInfo = "a link info";

constexpr std::size_t kLongestName = 1024, kMostLinks = 65536;

/// III.D: the names of a group's links, each with a NUL behind it.
Bytes read_local_heap(Image& image, std::uint64_t address) {
  Cursor in(image.claim(address, 32, kHeap), kHeap);
  in.signature("HEAP");
  in.version(0);
  in.skip(3);
  const std::uint64_t size = in.u64();
  in.skip(8);  // what of it is free
  return image.claim(in.u64(), size, kHeap);
}

std::string_view name_at(Bytes heap, std::uint64_t offset) {
  require(offset < heap.size(), kHeap, " must hold every name, got one at ", offset, " of ", heap.size());
  const Bytes rest = heap.subspan(offset, std::min<std::uint64_t>(heap.size() - offset, kLongestName + 1));
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
  const std::size_t end = text.find('\0');
  require(end != std::string_view::npos, kHeap, " must hold names of at most ", kLongestName, " bytes, each with its end");
  return text.substr(0, end);
}

/// III.B and III.C.
void read_symbols(Image& image, std::uint64_t address, Bytes heap, std::vector<Link>& links) {
  Cursor head(image.claim(address, 8, kNode), kNode);
  head.signature("SNOD");
  head.version(1);
  head.skip(1);
  const std::uint64_t count = head.u16();
  Cursor in(image.claim(address + 8, 40 * count, kNode), kNode);
  for (std::uint64_t i = 0; i < count; ++i) {
    Link link;
    link.name = name_at(heap, in.u64());
    link.address = in.u64();
    const std::uint32_t cache = in.u32();
    in.skip(20);
    require(cache != 2, "'", link.name, "' must be a hard link, got a soft link");
    require(cache < 2, kNode, " must cache a group or nothing, got ", cache);
    require(links.size() < kMostLinks, "a group must have at most ", kMostLinks, " links");
    links.push_back(link);
  }
}

void check_name(std::string_view name) {
  require(name != "." && name != ".." && !name.empty() && name.size() <= kLongestName, "a name must have 1 to ", kLongestName,
          " bytes and be neither '.' nor '..'");
  require(std::ranges::none_of(name, [](char c) { return c == '/' || (c >= 0 && c < ' ') || c == '\x7f'; }),
          "a name must not hold '/', NUL or control characters");
}

}  // namespace

bool is_group(const std::vector<Message>& messages) {
  return std::ranges::any_of(messages, [](const Message& message) {
    return message.type == MessageType::symbol_table || message.type == MessageType::link_info || message.type == MessageType::link;
  });
}

Link read_link(Bytes bytes) {
  Cursor in(bytes, kLink);
  in.version(1);
  const unsigned flags = in.u8(), type = flags & 8 ? in.u8() : 0u;
  if (flags & 4) in.skip(8);   // when it was made, among its neighbours
  if (flags & 16) in.skip(1);  // whether the name is ASCII or UTF-8
  Link link;
  link.name = in.text(in.number(std::size_t{1} << (flags & 3)));
  require(type != 1, "'", link.name, "' must be a hard link, got a soft link");
  require(type != 64, "'", link.name, "' must be a hard link, got a link to another file");
  require(type == 0, "'", link.name, "' must be a hard link, got a user-defined link");
  link.address = in.u64();
  return link;
}

std::vector<Link> read_links(Image& image, const std::vector<Message>& messages) {
  std::vector<Link> links;
  for (const Message& message : messages) {
    if (message.type == MessageType::link) links.push_back(read_link(message.bytes));
    if (message.type == MessageType::symbol_table) {
      Cursor in(message.bytes, kTable);
      const std::uint64_t tree = in.u64();
      const Bytes heap = read_local_heap(image, in.u64());
      read_btree(image, tree, 0, 8, [&](Bytes, std::uint64_t node) { read_symbols(image, node, heap, links); });
    }
    if (message.type == MessageType::link_info) {
      Cursor in(message.bytes, kInfo);
      in.version(0);
      if (in.u8() & 1) in.skip(8);  // the next number of a link
      const std::uint64_t heap = in.u64(), tree = in.u64();
      if (heap != kUndefined) read_dense_links(image, heap, tree, links);
    }
  }
  std::ranges::sort(links, {}, &Link::name);
  for (const Link& link : links) check_name(link.name);
  const auto twice = std::ranges::adjacent_find(links, {}, &Link::name);
  require(twice == links.end(), "a name must be there once in a group, got '", twice == links.end() ? "" : twice->name, "' twice");
  return links;
}

}  // namespace linnet::hdf5
