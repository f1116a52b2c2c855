#pragma once

#include <vector>

#include "framework/io/hdf5/dataset.h"

namespace linnet::hdf5 {

/// The bytes of a chunk before its filters were applied: `size` of them, of elements of `element_size` bytes.
/// Throws Refused if there are fewer or more, or a checksum differs. Takes no more memory than about twice what comes out.
std::vector<std::byte> undo_filters(const Chunk& chunk, const std::vector<Filter>& filters, std::size_t element_size, std::size_t size);

}  // namespace linnet::hdf5
