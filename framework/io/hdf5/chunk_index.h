#pragma once

#include <utility>
#include <vector>

#include "framework/io/hdf5/dataset.h"

namespace linnet::hdf5 {

/// The chunks that a dataset of its shape must have.
struct ChunkGrid {
  std::int64_t chunk_bytes = 0;  ///< of one, without filters
  std::int64_t chunks = 0;
};

/// Finds the chunks of a dataset by whichever index its file has of them. Every method throws Refused on a chunk that lies outside
/// of the grid, has no bytes of its own, or, without filters, not those of its shape.
class ChunkReader {
 public:
  ChunkReader(Image& image, const Dataset& dataset, const ChunkGrid& grid) : image_(image), dataset_(dataset), grid_(grid) {}

  /// A version 1 B-tree (III.A.1).
  void read_btree(std::uint64_t address);
  /// One chunk, which is the dataset (appendix C).
  void read_single(std::uint64_t address, std::uint64_t size, std::uint32_t skipped);
  /// All chunks side by side (appendix C).
  void read_implicit(std::uint64_t address);
  /// An array of as many elements as there are chunks (appendix C).
  void read_fixed_array(std::uint64_t address);

  /// What was found, in row-major order of the grid. Throws Refused if a chunk was found twice.
  std::vector<Chunk> in_order() &&;

 private:
  void add(std::int64_t index, std::uint64_t address, std::uint64_t size, std::uint32_t skipped);

  Image& image_;
  const Dataset& dataset_;
  ChunkGrid grid_;
  std::vector<std::pair<std::int64_t, Chunk>> found_;  // place in the grid, chunk
};

}  // namespace linnet::hdf5
