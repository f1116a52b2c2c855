#pragma once

#include "framework/io/hdf5/image.h"

namespace linnet::hdf5 {

/// Reads the superblock (II.A, versions 0 to 3); the result is the address of the root group's object header. Throws Refused unless the
/// file is one whole HDF5 file that begins at its first byte, ends at its last, was closed after writing, and has no driver block
/// and no extension.
std::uint64_t read_superblock(Image& image);

}  // namespace linnet::hdf5
