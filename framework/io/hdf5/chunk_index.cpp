#include "framework/io/hdf5/chunk_index.h"

#include <algorithm>

#include "framework/io/hdf5/btree.h"

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kChunk = "a chunk", kHeader = "a fixed array's header", kBlock = "a fixed array's data block";

}  // namespace

void ChunkReader::read_btree(std::uint64_t address) {
  const std::size_t axes = dataset_.shape.size();
  hdf5::read_btree(image_, address, 1, 8 + 8 * (axes + 1), [&](Bytes key, std::uint64_t child) {
    Cursor in(key, kChunk);
    const std::uint64_t size = in.u32();
    const std::uint32_t skipped = in.u32();
    std::int64_t index = 0;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      const auto extent = static_cast<std::uint64_t>(dataset_.shape[axis]), step = static_cast<std::uint64_t>(dataset_.chunk_shape[axis]);
      const std::uint64_t begin = in.u64();
      require(begin < extent && begin % step == 0, kChunk, " must begin within its dataset and at a multiple of its shape, got ", begin);
      index = index * static_cast<std::int64_t>((extent - 1) / step + 1) + static_cast<std::int64_t>(begin / step);
    }
    add(index, child, size, skipped);
  });
}

void ChunkReader::read_single(std::uint64_t address, std::uint64_t size, std::uint32_t skipped) {
  if (address != kUndefined) add(0, address, size, skipped);
}

void ChunkReader::read_implicit(std::uint64_t address) {
  if (address == kUndefined) return;
  const auto size = static_cast<std::uint64_t>(grid_.chunk_bytes);
  for (std::int64_t i = 0; i < grid_.chunks; ++i) add(i, address + static_cast<std::uint64_t>(i) * size, size, 0);
}

void ChunkReader::read_fixed_array(std::uint64_t address) {
  if (address == kUndefined) return;
  const Bytes header = image_.claim(address, 28, kHeader);
  require_checksum(header, kHeader);
  Cursor head(header, kHeader);
  head.signature("FAHD");
  head.version(0);
  const unsigned filtered = head.u8(), size_width = head.u8() - (filtered ? 12u : 8u), page_bits = head.u8();
  const std::uint64_t elements = head.u64(), block = head.u64();
  require(filtered == (dataset_.filters.empty() ? 0u : 1u) && (filtered ? size_width >= 1 && size_width <= 8 : size_width == 0), kHeader,
          ": its elements must be addresses, with sizes if there are filters");
  require(elements == static_cast<std::uint64_t>(grid_.chunks) && page_bits < 32, kHeader, " must have ", grid_.chunks, " elements, got ", elements);
  const std::uint64_t element = filtered ? 12u + size_width : 8u, page = std::uint64_t{1} << page_bits;

  const auto read_elements = [&](Cursor& in, std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t i = begin; i < end; ++i) {
      const std::uint64_t place = in.u64(), size = filtered ? in.number(size_width) : static_cast<std::uint64_t>(grid_.chunk_bytes);
      const std::uint32_t skipped = filtered ? in.u32() : 0;
      if (place != kUndefined) add(static_cast<std::int64_t>(i), place, size, skipped);
    }
  };
  // Few elements lie in the block itself; many in pages behind it, each with a checksum.
  const bool paged = elements > page;
  const std::uint64_t pages = paged ? (elements + page - 1) / page : 0, prefix = 14 + (pages + 7) / 8, inside = paged ? 0 : elements;
  const Bytes bytes = image_.claim(block, prefix + inside * element + 4, kBlock);
  require_checksum(bytes, kBlock);
  Cursor in(bytes, kBlock);
  in.signature("FADB");
  in.version(0);
  require(in.u8() == filtered && in.u64() == address, kBlock, " must belong to its header");
  in.skip(prefix - 14);  // which pages were ever written
  read_elements(in, 0, inside);
  std::uint64_t at = block + bytes.size();
  for (std::uint64_t begin = 0; paged && begin < elements; begin += page) {
    const std::uint64_t end = std::min(begin + page, elements);
    const Bytes part = image_.claim(at, (end - begin) * element + 4, kBlock);
    require_checksum(part, kBlock);
    Cursor cursor(part, kBlock);
    read_elements(cursor, begin, end);
    at += part.size();
  }
}

std::vector<Chunk> ChunkReader::in_order() && {
  std::ranges::sort(found_, {}, [](const auto& found) { return found.first; });
  std::vector<Chunk> chunks;
  chunks.reserve(found_.size());
  for (std::size_t i = 0; i < found_.size(); ++i) {
    require(i == 0 || found_[i].first != found_[i - 1].first, kChunk, " must be stored once, got number ", found_[i].first, " twice");
    chunks.push_back(found_[i].second);
  }
  return chunks;
}

void ChunkReader::add(std::int64_t index, std::uint64_t address, std::uint64_t size, std::uint32_t skipped) {
  image_.count("chunks");
  require(!dataset_.filters.empty() || size == static_cast<std::uint64_t>(grid_.chunk_bytes), kChunk, " must have ", grid_.chunk_bytes,
          " bytes, got ", size);
  found_.push_back({index, {image_.claim(address, size, kChunk), skipped}});
}

}  // namespace linnet::hdf5
