#include <algorithm>
#include <cstring>

#include "framework/core/parallel.h"
#include "framework/io/hdf5/dataset.h"
#include "framework/io/hdf5/filters.h"

namespace linnet::hdf5 {
namespace {

/// Copies what of a chunk lies within the dataset. `number` is the chunk's place in the grid.
void place_chunk(const Dataset& dataset, std::int64_t number, Bytes chunk, std::byte* to) {
  const std::size_t axes = dataset.shape.size();
  const auto element = static_cast<std::int64_t>(dataset.type.size);
  // Of each axis: where the chunk begins, how much of it there is, and how far apart neighbours lie here and there.
  std::vector<std::int64_t> begin(axes), extent(axes), from_stride(axes), to_stride(axes), at(axes, 0);
  std::int64_t from_step = element, to_step = element;
  for (std::size_t axis = axes; axis-- > 0;) {
    const std::int64_t step = dataset.chunk_shape[axis], chunks = (dataset.shape[axis] - 1) / step + 1;
    begin[axis] = number % chunks * step;
    number /= chunks;
    extent[axis] = std::min(step, dataset.shape[axis] - begin[axis]);
    from_stride[axis] = from_step;
    to_stride[axis] = to_step;
    from_step *= step;
    to_step *= dataset.shape[axis];
  }
  const auto row = static_cast<std::size_t>(extent.back() * element);
  while (true) {
    std::int64_t source = 0, target = 0;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      source += at[axis] * from_stride[axis];
      target += (begin[axis] + at[axis]) * to_stride[axis];
    }
    std::memcpy(to + target, chunk.data() + source, row);
    std::size_t axis = axes - 1;  // the last one is the row
    while (axis > 0 && ++at[axis - 1] == extent[axis - 1]) at[--axis] = 0;
    if (axis == 0) return;
  }
}

}  // namespace

void copy_elements(const Dataset& dataset, std::byte* to) {
  if (dataset.piece) {
    if (!dataset.piece->empty()) std::memcpy(to, dataset.piece->data(), dataset.piece->size());
    return;
  }
  std::size_t chunk_bytes = dataset.type.size;
  for (const std::int64_t extent : dataset.chunk_shape) chunk_bytes *= static_cast<std::size_t>(extent);
  parallel_tasks(std::ssize(dataset.chunks), [&](std::int64_t i) {
    const Chunk& chunk = dataset.chunks[static_cast<std::size_t>(i)];
    if (dataset.filters.empty()) return place_chunk(dataset, i, chunk.bytes, to);
    place_chunk(dataset, i, undo_filters(chunk, dataset.filters, dataset.type.size, chunk_bytes), to);
  });
}

}  // namespace linnet::hdf5
