#pragma once

#include <string_view>
#include <vector>

#include "framework/io/hdf5/object_header.h"

namespace linnet::hdf5 {

/// A hard link: a name in a group and the object header it leads to.
struct Link {
  std::string_view name;
  std::uint64_t address = 0;
};

/// True if a header with these messages is a group's.
bool is_group(const std::vector<Message>& messages);

/// The links of a group, sorted by name: of a symbol table (IV.A.2.r), of messages (IV.A.2.g), or of a fractal heap (IV.A.2.c).
/// Throws Refused on soft, external and user-defined links, and on names that are empty, '.', '..', there twice, longer than 1024
/// bytes, or hold '/', NUL or another control character.
std::vector<Link> read_links(Image& image, const std::vector<Message>& messages);

/// Reads one link message.
Link read_link(Bytes bytes);

}  // namespace linnet::hdf5
