#pragma once

#include <vector>

#include "framework/io/hdf5/image.h"

namespace linnet::hdf5 {

/// Types of messages that mean something to us (IV.A.2).
enum class MessageType : std::uint16_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  link = 0x06,
  layout = 0x08,
  filters = 0x0B,
  attribute = 0x0C,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

/// A message as it lies in the file.
struct Message {
  MessageType type;
  Bytes bytes;
};

/// The messages of an object header with its continuations (IV.A.1, versions 1 and 2), but for those that may be passed over: times,
/// comments, fill values, hints. Throws Refused if a message is shared, unknown, or of a kind that leads out of the file.
std::vector<Message> read_object_header(Image& image, std::uint64_t address);

}  // namespace linnet::hdf5
