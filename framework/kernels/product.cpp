#include "framework/kernels/product.h"

#include "framework/kernels/product_pack.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// Columns of B of which kDepth rows are packed at once, for the second-level cache: processors with AVX-512 have 1 MiB and more.
template <class T>
constexpr std::int64_t kColumns = (kVectorBytes == 64 ? 1536 : 1024) / static_cast<std::int64_t>(sizeof(T));
/// So few rows read B where it lies: packing would cost more than it saves.
constexpr std::int64_t kFewRows = kGroup * kTileRows;
/// Rows of B that are fetched ahead; a processor's own prefetching stops at the end of a page, which may be the next row. They go to
/// the second-level cache: more lines can be on their way to it from memory at once than to the first.
constexpr std::int64_t kAhead = 64;

/// Part of B that a tile reads, (depth, columns of the tile) with leading dimension ld; `keep` is null, or a panel to pack it into;
/// `ahead`: from each vector to one that is needed later, to be fetched.
template <class T>
struct PartOfB {
  const T* data;
  std::int64_t ld;
  T* keep;
  std::int64_t ahead = kAhead * ld;
};
/// C (rows, columns) of a tile. `columns` may end anywhere within the tile's vectors.
template <class T>
struct PartOfC {
  T* data;
  std::int64_t ld, columns;
  T alpha;
  bool add;
};

/// alpha sum, rounded: not fused with what is added to it, which a compiler does here and there as it likes.
template <class T>
inline typename Vector<T>::type scaled(const typename Vector<T>::type& sum, T alpha) {
  typename Vector<T>::type result = alpha * sum;
#if defined(__AVX512F__)
  asm("" : "+v"(result));
#elif defined(__x86_64__)
  asm("" : "+x"(result));
#endif
  return result;
}

/// to[0 .. left) = alpha sum, or +=. Whole and partial vectors round alike.
template <class T>
void put(const typename Vector<T>::type& sum, T alpha, bool add, std::int64_t left, T* to) {
  const typename Vector<T>::type zero = {}, value = scaled(sum, alpha);
  if (left >= kLanes<T>) {
    store(value + (add ? load(to) : zero), to);
  } else if (left > 0) {
    T part[kLanes<T>] = {};
    if (add)
      for (std::int64_t l = 0; l < left; ++l) part[l] = to[l];
    store(value + load(part), part);
    for (std::int64_t l = 0; l < left; ++l) to[l] = part[l];
  }
}

/// kRows rows by kVectors vectors of C, summed in registers. a: packed rows, or packed columns.
template <class T, int kRows, int kVectors, bool kByColumns, bool kKeep>
void tile(std::int64_t depth, const T* a, const PartOfB<T>& from, const PartOfC<T>& c) {
  using V = typename Vector<T>::type;
  constexpr std::int64_t row = kByColumns ? 1 : kRowStride<T>, step = kByColumns ? kColumnStride : 1;
  const T* b = from.data;
  const std::int64_t ld = from.ld, ahead = from.ahead;
  T* keep = from.keep;
  V sum[kRows][kVectors] = {};
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int byte = 0; byte < kVectors * kVectorBytes; byte += 64) __builtin_prefetch(reinterpret_cast<const char*>(c.data + r * c.ld) + byte, 1);
  for (std::int64_t p = 0; p < depth; ++p, a += step, b += ld) {
    V bv[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      bv[v] = load(b + v * kLanes<T>);
      if (v * kVectorBytes % 64 == 0) __builtin_prefetch(b + ahead + v * kLanes<T>, 0, 2);
      if constexpr (kKeep) store(bv[v], keep + p * kPanel<T> + v * kLanes<T>);
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const V av = a[r * row] - V{};  // one broadcast, not one an operand
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sum[r][v] += av * bv[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) put<T>(sum[r][v], c.alpha, c.add, c.columns - v * kLanes<T>, c.data + r * c.ld + v * kLanes<T>);
}

template <class T>
using Tile = void (*)(std::int64_t depth, const T* a, const PartOfB<T>& b, const PartOfC<T>& c);

/// tile<T, rows, …> for 1 <= rows <= kMost.
template <class T, int kMost, int kVectors, bool kByColumns, bool kKeep>
Tile<T> tile_of(std::int64_t rows) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return tile_of<T, kMost - 1, kVectors, kByColumns, kKeep>(rows);
  }
  return tile<T, kMost, kVectors, kByColumns, kKeep>;
}

/// kTileRows rows of two vectors, or fewer of more: few rows need wide tiles, to have as many sums under way as the adders
/// take at once, and to read more of each row of B.
int vectors_for(std::int64_t rows) { return rows <= kTileRows / 4 ? 8 : rows <= kTileRows / 2 ? 4 : 2; }

template <class T, bool kByColumns>
Tile<T> direct_tile(std::int64_t rows, int vectors) {
  if (vectors == 8) return tile_of<T, kTileRows / 4, 8, kByColumns, false>(rows);
  if (vectors == 4) return tile_of<T, kTileRows / 2, 4, kByColumns, false>(rows);
  return tile_of<T, kTileRows, 2, kByColumns, false>(rows);
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
      PartOfB<T> b{job.b.data + begin * job.b.ld + j, job.b.ld, nullptr};
      if (job.n - j < kPanel<T>) {
        pack_panel(job.b, j, job.n - j, begin, depth, panels);
        b = {panels, kPanel<T>, nullptr};
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
        const Tile<T> tile = tile_of<T, kTileRows, 2, kByColumns, false>(height), packing = tile_of<T, kTileRows, 2, kByColumns, true>(height);
        T* panel = panels;
        for (std::int64_t j = j0; j < end; j += kPanel<T>, panel += kPanel<T> * depth) {
          const PartOfC<T> c = part_of_c(row_of(i), j);
          if (i == 0 && !job.b.transposed && end - j >= kPanel<T>) {
            packing(depth, a, {job.b.data + begin * job.b.ld + j, job.b.ld, panel}, c);
            continue;
          }
          if (i == 0) pack_panel(job.b, j, end - j, begin, depth, panel);
          tile(depth, a, {panel, kPanel<T>, nullptr}, c);
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
