#pragma once

#include "framework/io/hdf5/image.h"

namespace linnet::hdf5 {

/// A datatype message (IV.A.2.d), as far as it tells what we read from what we do not.
struct Datatype {
  enum class Class : std::uint8_t { integer, floating, time, string, bitfield, opaque, compound, reference, enumeration, variable_length, array };
  Class type_class = Class::integer;
  std::uint32_t size = 0;  ///< bytes of an element, at least 1
  bool big_endian = false, is_signed = false;
  bool plain = false;  ///< integers: all bits count; floats: IEEE 754's of 16, 32 or 64 bits; enumerations: h5py's bool
  bool text = false;   ///< variable length: a string
};

/// Versions 1 to 5, of which the last two differ in classes that we do not read. Throws Refused if the message is cut off, or of another version or
/// class.
Datatype read_datatype(Bytes bytes);
/// "integer", "float", …
std::string_view text_of(Datatype::Class type_class);

}  // namespace linnet::hdf5
