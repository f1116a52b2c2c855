#pragma once

#include <optional>
#include <vector>

#include "framework/core/shape.h"
#include "framework/io/hdf5/datatype.h"
#include "framework/io/hdf5/object_header.h"

namespace linnet::hdf5 {

/// What a dataset's chunks go through when they are written; backwards when they are read (IV.A.2.l).
enum class Filter : std::uint16_t { deflate = 1, shuffle = 2, fletcher32 = 3 };

/// A piece of a dataset, with its filters applied.
struct Chunk {
  Bytes bytes;
  std::uint32_t skipped = 0;  ///< bit i: filter i was not applied
};

/// Where a dataset's elements are and what they look like. They lie in row-major order, either in one piece or in chunks.
struct Dataset {
  Datatype type;
  Shape shape;
  std::int64_t bytes = 0;  ///< of all elements
  std::optional<Bytes> piece;
  std::vector<std::int64_t> chunk_shape;  ///< empty: in one piece
  std::vector<Filter> filters;
  std::vector<Chunk> chunks;  ///< of the whole grid of chunks, in row-major order
};

/// Reads a dataspace message (IV.A.2.b), versions 1 and 2. Throws Refused unless it has a shape whose extents fit in 63 bits.
Shape read_dataspace(Bytes bytes);

/// Reads a dataset's dataspace, datatype, filters and layout (IV.A.2.b, d, l, i) and finds all of its elements. Throws Refused unless every one of
/// them is stored, in this file and in bytes of their own.
Dataset read_dataset(Image& image, const std::vector<Message>& messages);

/// Copies the elements as they are stored, after the filters, to `to`, which has room for dataset.bytes. Throws Refused if a
/// chunk does not inflate to its size or does not have its checksum.
void copy_elements(const Dataset& dataset, std::byte* to);

}  // namespace linnet::hdf5
