#pragma once

#include "framework/io/hdf5_handle.h"
#include "framework/io/output_file.h"

namespace linnet::hdf5 {

/// Makes files of this access property list write to `file`, which must outlive them; their name does not matter. A write that
/// fails is no error for HDF5, which would try again for ever and crash in the end: it is one for OutputFile::close. Only while
/// lock() is held.
void write_to(OutputFile& file, Id access_properties);

}  // namespace linnet::hdf5
