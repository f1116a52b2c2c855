#include "framework/kernels/product.h"

#include "framework/kernels/product_tile.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// Columns of B of which kDepth rows are packed at once, for the second-level cache: as many as the backend's tiles have, so that A is packed once.
template <class T>
constexpr std::int64_t kColumns = 1536 / static_cast<std::int64_t>(sizeof(T));
/// So few rows read B where it lies: packing would cost more than it saves.
constexpr std::int64_t kFewRows = kGroup * kTileRows;

/// kTileRows rows of two vectors, or fewer of more: few rows need wide tiles, to have as many sums under way as the adders
/// take at once, and to read more of each row of B.
int vectors_for(std::int64_t rows) { return rows <= kTileRows / 4 ? 8 : rows <= kTileRows / 2 ? 4 : 2; }

template <class T, bool kByColumns>
Tile<T> direct_tile(std::int64_t rows, int vectors) {
  if (vectors == 8) return tile_of<T, kTileRows / 4, 8, kByColumns, Source::in_place>(rows);
  if (vectors == 4) return tile_of<T, kTileRows / 2, 4, kByColumns, Source::in_place>(rows);
  return tile_of<T, kTileRows, 2, kByColumns, Source::in_place>(rows);
}

/// One depth of a product: what of k is summed at once. Each part of k comes after the one before it, in all of C.
template <class T>
struct Slice {
  const Product<T>& job;
  std::int64_t begin, depth;
  bool add;
  T* rows;    ///< workspace for rows of A
  T* panels;  ///< workspace for panels of B

  std::int64_t tiles() const { return (job.m + kTileRows - 1) / kTileRows; }
  /// First row of tile `i`. Tiles of nearly equal height: 13 rows are 7 and 6, not 12 and 1.
  std::int64_t row_of(std::int64_t i) const { return i * job.m / tiles(); }

  PartOfC<T> part_of_c(std::int64_t row, std::int64_t column) const {
    return {job.c + row * job.ldc + column, job.ldc, job.n - column, job.alpha, add};
  }
  void pack_tile(std::int64_t i, T* to) const { pack_rows(job.a, job.m, row_of(i), row_of(i + 1) - row_of(i), begin, depth, to); }

  /// Few rows: down each strip of columns with all of A in the cache.
  template <bool kByColumns>
  void direct() const {
    for (std::int64_t i = 0; i < tiles(); ++i) pack_tile(i, rows + i * kTileElements<T>);
    int vectors = vectors_for(job.m);
    for (std::int64_t j = 0; j < job.n;) {
      while (vectors > 2 && job.n - j < vectors * kLanes<T>) vectors /= 2;
      PartOfB<T> b{job.b.data + begin * job.b.ld + j, job.b.ld};
      if (job.n - j < kPanel<T>) {
        pack_panel(job.b, j, job.n - j, begin, depth, panels);
        b = {panels};
      }
      const std::int64_t next = j + vectors * kLanes<T>;
      for (std::int64_t i = 0; i < tiles(); ++i) {
        direct_tile<T, kByColumns>(row_of(i + 1) - row_of(i), vectors)(depth, rows + i * kTileElements<T>, b, part_of_c(row_of(i), j));
        // The first tile brings the strip into the cache for the others, and they fetch the next one meanwhile.
        if (tiles() > 1 && job.n - next >= kPanel<T>) b.ahead = vectors * kLanes<T>;
      }
      j = next;
    }
  }

  /// Tiles [i, i + kGroup), as far as they exist, each to its place in `rows`.
  void pack_group(std::int64_t i) const {
    std::int64_t first[kGroup];
    for (std::int64_t g = 0; g < kGroup; ++g) first[g] = i + g < tiles() ? row_of(i + g) : job.m;
    if (first[kGroup - 1] + kColumnStride <= job.m) return pack_columns(job.a, first, begin, depth, rows);
    for (std::int64_t g = 0; g < kGroup && i + g < tiles(); ++g) pack_tile(i + g, rows + g * kTileElements<T>);
  }

  /// Along each tile's row of C with a block of B packed in the cache. The first tile packs B as it reads it.
  template <bool kByColumns>
  void packed() const {
    const std::int64_t columns = kColumns<T> * kDepth / depth / kPanel<T> * kPanel<T>;
    for (std::int64_t j0 = 0; j0 < job.n; j0 += columns) {
      const std::int64_t end = job.n - j0 < columns ? job.n : j0 + columns;
      for (std::int64_t i = 0; i < tiles(); ++i) {
        T* const a = kByColumns ? rows + i % kGroup * kTileElements<T> : rows;
        if (!kByColumns) pack_tile(i, a);
        else if (i % kGroup == 0) pack_group(i);
        const std::int64_t height = row_of(i + 1) - row_of(i);
        const Tile<T> tile = tile_of<T, kTileRows, 2, kByColumns, Source::panel>(height),
                      packing = tile_of<T, kTileRows, 2, kByColumns, Source::packing>(height);
        T* panel = panels;
        for (std::int64_t j = j0; j < end; j += kPanel<T>, panel += kPanel<T> * depth) {
          const PartOfC<T> c = part_of_c(row_of(i), j);
          if (i == 0 && !job.b.transposed && end - j >= kPanel<T>) {
            packing(depth, a, {job.b.data + begin * job.b.ld + j, job.b.ld, panel}, c);
            continue;
          }
          if (i == 0) pack_panel(job.b, j, end - j, begin, depth, panel);
          tile(depth, a, {panel}, c);
        }
      }
    }
  }

  template <bool kByColumns>
  void run() const {
    if (job.m <= kFewRows && !job.b.transposed) direct<kByColumns>();
    else packed<kByColumns>();
  }
};

template <class T>
constexpr std::int64_t kRowsElements = (kGroup * kTileElements<T> + 15) / 16 * 16;

template <class T>
void multiply(const Product<T>& job, T* workspace) {
  const std::int64_t slices = (job.k + kDepth - 1) / kDepth;
  for (std::int64_t s = 0; s < slices; ++s) {
    const std::int64_t begin = s * job.k / slices, end = (s + 1) * job.k / slices;
    const Slice<T> slice{job, begin, end - begin, job.add || s > 0, workspace, workspace + kRowsElements<T>};
    if (job.a.transposed) slice.template run<true>();
    else slice.template run<false>();
  }
}

}  // namespace

template <class T>
ProductKernels<T> product_kernels() {
  return {.workspace = kRowsElements<T> + kColumns<T> * kDepth, .multiply = multiply<T>};
}
template ProductKernels<float> product_kernels<float>();
template ProductKernels<double> product_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
