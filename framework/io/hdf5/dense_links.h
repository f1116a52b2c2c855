#pragma once

#include <vector>

#include "framework/io/hdf5/links.h"

namespace linnet::hdf5 {

/// Appends the links of a group with many, in the newer encoding: link messages in a fractal heap (III.G), found by a version 2
/// B-tree of their names (III.A.2). Throws Refused if the heap is filtered or an object lies outside of its blocks.
void read_dense_links(Image& image, std::uint64_t heap, std::uint64_t tree, std::vector<Link>& links);

}  // namespace linnet::hdf5
