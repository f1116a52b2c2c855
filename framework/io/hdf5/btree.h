#pragma once

#include <functional>

#include "framework/io/hdf5/image.h"

namespace linnet::hdf5 {

/// Reads a version 1 B-tree (III.A.1): `type` 0 of groups, 1 of chunks. Calls `leaf` with the key before each child of the
/// lowest level, in order, and with the child's address.
void read_btree(Image& image, std::uint64_t address, unsigned type, std::uint64_t key_size,
                const std::function<void(Bytes key, std::uint64_t child)>& leaf);

/// Reads a version 2 B-tree (III.A.2) of type 5, a group's links by their names; calls `record` with the record of each.
void read_link_btree(Image& image, std::uint64_t address, const std::function<void(Bytes record)>& record);

}  // namespace linnet::hdf5
