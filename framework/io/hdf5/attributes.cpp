#include "framework/io/hdf5/attributes.h"

#include <algorithm>

#include "framework/io/hdf5/datatype.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kAttribute = "an attribute", kInfo = "an attribute info", kHeap = "a global heap", kSpace = "an attribute's dataspace";

bool is_scalar(Bytes dataspace) {
  Cursor in(dataspace, kSpace);
  const unsigned version = in.u8(), axes = in.u8();
  in.skip(1);
  return axes == 0 && (version == 1 || in.u8() == 0);
}

std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

}  // namespace

std::vector<Attribute> AttributeReader::read(const std::vector<Message>& messages) {
  std::vector<Attribute> attributes;
  for (const Message& message : messages) {
    if (message.type == MessageType::attribute) attributes.push_back(read(message.bytes));
    if (message.type == MessageType::attribute_info) {
      Cursor in(message.bytes, kInfo);
      in.version(0);
      if (in.u8() & 1) in.skip(2);  // the next number of an attribute
      require(in.u64() == kUndefined, "attributes must be few and short enough to lie in their object's header");
    }
  }
  std::ranges::sort(attributes, {}, &Attribute::name);
  const auto twice = std::ranges::adjacent_find(attributes, {}, &Attribute::name);
  require(twice == attributes.end(), "an attribute must be there once, got '", twice == attributes.end() ? "" : twice->name, "' twice");
  return attributes;
}

Attribute AttributeReader::read(Bytes message) {
  image_.count("attributes");
  Cursor in(message, kAttribute);
  const unsigned version = in.u8(), flags = in.u8();
  require(version >= 1 && version <= 3, kAttribute, " must have version 1 to 3, got ", version);
  require(version == 1 || flags == 0, kAttribute, " must have a datatype of its own");
  const std::uint64_t name_size = in.u16(), type_size = in.u16(), space_size = in.u16();
  if (version == 3) in.skip(1);  // whether the name is ASCII or UTF-8
  const auto part = [&](std::uint64_t size) {
    const Bytes bytes = in.take(size);
    if (version == 1) in.align();
    return bytes;
  };
  const Bytes name = part(name_size);
  Attribute attribute{until_nul({reinterpret_cast<const char*>(name.data()), name.size()}), std::nullopt};
  const Datatype type = read_datatype(part(type_size));
  const bool one = is_scalar(part(space_size));
  if (one && type.type_class == Datatype::Class::string) attribute.text = until_nul(in.text(type.size));
  if (one && type.type_class == Datatype::Class::variable_length && type.text) attribute.text = heap_text(Cursor(in.take(16), kAttribute));
  return attribute;
}

std::string_view AttributeReader::heap_text(Cursor reference) {
  constexpr std::uint32_t kLongest = 1 << 16;
  const std::uint32_t length = reference.u32();
  const std::uint64_t address = reference.u64(), index = reference.u32();
  require(length <= kLongest, kAttribute, " must have at most ", kLongest, " bytes, got ", length);
  if (length == 0) return {};
  const auto& objects = heap(address);
  const auto found = objects.find(index);
  require(found != objects.end() && length <= found->second.size(), kHeap, " must hold the text of an attribute, number ", index);
  return until_nul({reinterpret_cast<const char*>(found->second.data()), length});
}

const std::map<std::uint64_t, Bytes>& AttributeReader::heap(std::uint64_t address) {
  const auto [place, is_new] = heaps_.try_emplace(address);
  if (!is_new) return place->second;
  Cursor head(image_.claim(address, 16, kHeap), kHeap);
  head.signature("GCOL");
  head.version(1);
  head.skip(3);
  const std::uint64_t size = head.u64();
  require(size >= 16, kHeap, " must hold its head");
  Cursor in(image_.claim(address + 16, size - 16, kHeap), kHeap);
  while (in.left() >= 16) {
    const std::uint64_t index = in.u16();
    in.skip(6);
    const std::uint64_t length = in.u64();
    if (index == 0) break;  // what follows is free
    image_.count("global heaps");
    require(place->second.emplace(index, in.take(length)).second, kHeap, " must hold an object once, got number ", index, " twice");
    in.align();
  }
  return place->second;
}

}  // namespace linnet::hdf5
