#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "framework/io/hdf5/object_header.h"

namespace linnet::hdf5 {

/// An attribute of a group or a dataset. Only texts are read: all that Keras writes.
struct Attribute {
  std::string_view name;
  std::optional<std::string_view> text;  ///< none: something else than one string
};

/// Reads attributes (IV.A.2.m, versions 1 to 3) and the global heaps (III.E) that hold their texts.
class AttributeReader {
 public:
  explicit AttributeReader(Image& image) : image_(image) {}

  /// Sorted by name. Throws Refused if a text lies outside of the file or is longer than 65536 bytes, if a name is there twice,
  /// or if attributes are so many that they lie in a fractal heap.
  std::vector<Attribute> read(const std::vector<Message>& messages);

 private:
  Attribute read(Bytes message);
  std::string_view heap_text(Cursor reference);
  /// Each heap is read once: by the address, the objects by their indices.
  const std::map<std::uint64_t, Bytes>& heap(std::uint64_t address);

  Image& image_;
  std::map<std::uint64_t, std::map<std::uint64_t, Bytes>> heaps_;
};

}  // namespace linnet::hdf5
