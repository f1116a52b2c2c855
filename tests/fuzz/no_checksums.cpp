// In place of the library's functions of these names, which the linker finds after those of the program: a fuzzer cannot guess what
// lies behind a checksum.

#include "framework/io/hdf5/image.h"

namespace linnet::hdf5 {

void require_checksum(std::uint64_t, Bytes, std::string_view) {}
void require_checksum(Bytes bytes, std::string_view what) { require(bytes.size() >= 4, what, " is cut off"); }

}  // namespace linnet::hdf5
