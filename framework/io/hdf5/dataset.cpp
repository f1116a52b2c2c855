#include "framework/io/hdf5/dataset.h"

#include <algorithm>
#include <limits>

#include "framework/io/hdf5/chunk_index.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kSpace = "a dataspace", kLayout = "a data layout", kFilters = "a filter pipeline";

Bytes only(const std::vector<Message>& messages, MessageType type, std::string_view what) {
  const auto is = [&](const Message& message) { return message.type == type; };
  require(std::ranges::count_if(messages, is) == 1, "a dataset must have one message of ", what, ", got ", std::ranges::count_if(messages, is));
  return std::ranges::find_if(messages, is)->bytes;
}

std::int64_t size_in_bytes(const Shape& shape, const Datatype& type) {
  std::int64_t bytes = std::max<std::int64_t>(8, type.size);  // 8: room for a conversion
  bool fits = true, empty = false;
  for (const std::int64_t extent : shape) {
    empty = empty || extent == 0;
    fits = fits && !__builtin_mul_overflow(bytes, std::max<std::int64_t>(1, extent), &bytes);
  }
  require(fits, "the size in bytes must fit in 64 bits, got ", shape);
  return empty ? 0 : element_count(shape) * std::int64_t{type.size};
}

/// IV.A.2.l, versions 1 and 2.
std::vector<Filter> read_filters(Bytes bytes) {
  Cursor in(bytes, kFilters);
  const unsigned version = in.u8(), count = in.u8();
  require(version == 1 || version == 2, kFilters, " must have version 1 or 2, got ", version);
  require(count <= 32, kFilters, " must have at most 32 filters, got ", count);
  if (version == 1) in.skip(6);
  std::vector<Filter> filters;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned number = in.u16();
    require(number >= 1 && number <= 3, "filters must be gzip, shuffle or fletcher32, got filter ", number);
    const std::uint64_t name = version == 1 ? in.u16() : 0;  // version 2 names only filters that we do not know
    in.skip(2);
    const std::uint64_t values = in.u16();
    in.skip(name + 4 * values + (version == 1 && values % 2 == 1 ? 4 : 0));
    filters.push_back(static_cast<Filter>(number));
  }
  return filters;
}

class LayoutReader {
 public:
  LayoutReader(Image& image, Dataset& dataset) : image_(image), dataset_(dataset) {}

  /// IV.A.2.i, versions 3 and 4.
  void read(Bytes bytes) {
    Cursor in(bytes, kLayout);
    const unsigned version = in.u8(), layout = in.u8();
    require(version == 3 || version == 4, kLayout, " must have version 3 or 4, got ", version);
    switch (layout) {
      case 0: {
        const std::uint64_t size = in.u16();
        require_stored(size);
        dataset_.piece = in.take(size);
        return;
      }
      case 1: {
        const std::uint64_t address = in.u64(), size = in.u64();
        require_stored(address == kUndefined ? 0 : size);
        dataset_.piece = address == kUndefined ? Bytes{} : image_.claim(address, size, "a dataset");
        return;
      }
      case 2: return version == 3 ? read_chunked_3(in) : read_chunked_4(in);
      case 3: require(false, "must be stored in the file itself, got a virtual dataset"); return;
      default: require(false, "must be contiguous, compact or chunked, got layout ", layout);
    }
  }

 private:
  void require_stored(std::uint64_t size) const {
    require(dataset_.filters.empty(), "filters must belong to chunks, got a dataset in one piece");
    require(size == static_cast<std::uint64_t>(dataset_.bytes), "shape ", dataset_.shape, " needs ", dataset_.bytes, " bytes, got ", size, " stored");
  }

  void read_chunked_3(Cursor& in) {
    const unsigned axes = in.u8();
    const std::uint64_t address = in.u64();
    const ChunkGrid grid = read_grid(in, axes, 4);
    ChunkReader chunks(image_, dataset_, grid);
    if (address != kUndefined) chunks.read_btree(address);
    keep(grid, std::move(chunks));
  }

  void read_chunked_4(Cursor& in) {
    const unsigned flags = in.u8(), axes = in.u8(), width = in.u8();
    require((flags & 1) == 0, kLayout, ": chunks at the edge must be filtered like all");
    require(width >= 1 && width <= 8, kLayout, ": a chunk's extents must have 1 to 8 bytes, got ", width);
    const ChunkGrid grid = read_grid(in, axes, width);
    ChunkReader chunks(image_, dataset_, grid);
    const unsigned index = in.u8();
    switch (index) {
      case 1: {
        const bool filtered = flags & 2;
        const std::uint64_t size = filtered ? in.u64() : static_cast<std::uint64_t>(grid.chunk_bytes);
        const std::uint32_t skipped = filtered ? in.u32() : 0;
        chunks.read_single(in.u64(), size, skipped);
        break;
      }
      case 2: chunks.read_implicit(in.u64()); break;
      case 3:
        in.skip(1);  // the array's header has it too
        chunks.read_fixed_array(in.u64());
        break;
      default: require(false, "a dataset that can grow must have a version 1 B-tree of chunks, got index ", index, " (h5repack writes one)");
    }
    keep(grid, std::move(chunks));
  }

  ChunkGrid read_grid(Cursor& in, unsigned axes, std::size_t width) {
    require(axes == dataset_.shape.size() + 1 && axes > 1, kLayout, ": chunks must have as many axes as their dataset");
    std::int64_t bytes = dataset_.type.size, chunks = 1;
    bool fits = true;
    for (const std::int64_t extent : dataset_.shape) {
      const std::uint64_t chunk = in.number(width);
      require(chunk > 0 && chunk <= std::numeric_limits<std::uint32_t>::max(), kLayout, ": a chunk's extents must have 1 to 32 bits, got ", chunk);
      dataset_.chunk_shape.push_back(static_cast<std::int64_t>(chunk));
      fits = fits && !__builtin_mul_overflow(bytes, dataset_.chunk_shape.back(), &bytes);
      chunks *= extent == 0 ? 0 : 1 + (extent - 1) / dataset_.chunk_shape.back();
    }
    require(in.number(width) == dataset_.type.size, kLayout, ": chunks must have elements of their dataset's size");
    // A small file must not make us take much memory: neither by its shape nor by its chunks.
    fits = fits && bytes <= std::max(dataset_.bytes, kLarge / 8);
    require(fits, "a chunk must not exceed its dataset, got chunks of shape ", Shape(dataset_.chunk_shape.begin(), dataset_.chunk_shape.end()));
    return {bytes, chunks};
  }

  void keep(const ChunkGrid& grid, ChunkReader&& reader) {
    dataset_.chunks = std::move(reader).in_order();
    require(std::ssize(dataset_.chunks) == grid.chunks, "shape ", dataset_.shape, " needs ", grid.chunks, " chunks, got ", dataset_.chunks.size(),
            " stored");
    std::int64_t stored = 0;
    for (const Chunk& chunk : dataset_.chunks) stored += std::ssize(chunk.bytes);
    require(dataset_.bytes <= kLarge || dataset_.bytes / 100 <= stored, "must not expand more than 100 times, got ", dataset_.bytes, " bytes from ",
            stored);
  }

  static constexpr std::int64_t kLarge = std::int64_t{64} << 20;
  Image& image_;
  Dataset& dataset_;
};

}  // namespace

Shape read_dataspace(Bytes bytes) {
  Cursor in(bytes, kSpace);
  const unsigned version = in.u8(), axes = in.u8(), flags = in.u8();
  require(version == 1 || version == 2, kSpace, " must have version 1 or 2, got ", version);
  require(axes <= 32, kSpace, " must have at most 32 axes, got ", axes);
  require((flags & 2) == 0, kSpace, " must not permute its axes");
  const unsigned type = in.u8();
  if (version == 1) in.skip(4);
  else require(type != 2, "must have a shape, got a null dataspace");
  Shape shape;
  for (unsigned axis = 0; axis < axes; ++axis) {
    const std::uint64_t extent = in.u64();
    require(extent <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
            "the size in bytes must fit in 64 bits, got an extent of ", extent);
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  if (flags & 1) in.skip(8 * std::uint64_t{axes});  // how far the extents may grow
  return shape;
}

Dataset read_dataset(Image& image, const std::vector<Message>& messages) {
  Dataset dataset;
  dataset.type = read_datatype(only(messages, MessageType::datatype, "a datatype"));
  dataset.shape = read_dataspace(only(messages, MessageType::dataspace, "a dataspace"));
  dataset.bytes = size_in_bytes(dataset.shape, dataset.type);
  for (const Message& message : messages)
    if (message.type == MessageType::filters) {
      require(dataset.filters.empty(), "a dataset must have one filter pipeline");
      dataset.filters = read_filters(message.bytes);
    }
  LayoutReader(image, dataset).read(only(messages, MessageType::layout, "a data layout"));
  return dataset;
}

}  // namespace linnet::hdf5
