#include "framework/kernels/attention.h"

#include "framework/kernels/math.h"
#include "framework/kernels/philox.h"
#include "framework/kernels/tile.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// The score of a hidden key, and the lse of a row that sees none: below every score that does not overflow.
template <class T>
constexpr T kHidden = sizeof(T) == 4 ? T(-3.4028234e38) : T(-1.7976931348623157e308);

/// Queries whose scores are kept at once: kFewest to kMost, about kScoreBytes of them, which stay in the second-level cache.
constexpr std::int64_t kFewest = 8, kMost = 64, kScoreBytes = 65536;

template <class T>
std::int64_t block_of(const AttentionHead<T>& head) {
  const std::int64_t fit = kScoreBytes / static_cast<std::int64_t>(sizeof(T)) / padded<T>(head.keys > 0 ? head.keys : 1);
  const std::int64_t block = fit < kFewest ? kFewest : fit > kMost ? kMost : fit;
  return block < head.queries ? block : head.queries;
}

template <class T>
T inverse_root(std::int64_t key_dim) {
  return T(1) / sqrt_of(static_cast<T>(key_dim));
}

/// A bound that grows with every extent, though a block has fewer rows where there are more keys.
template <class T>
std::int64_t workspace(const AttentionHead<T>& head) {
  const std::int64_t keys = head.keys, ld = padded<T>(keys), d = head.key_dim, v = head.value_dim;
  const std::int64_t rows = head.queries < kMost ? head.queries : kMost, fit = kScoreBytes / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t scores = rows * ld < fit ? rows * ld : fit > kFewest * ld ? fit : kFewest * ld;
  return panels_size<T>(d, keys) + panels_size<T>(v, keys) + panels_size<T>(keys, d) + panels_size<T>(rows, d) + panels_size<T>(rows, v) +
         panels_size<T>(keys, v) + 3 * scores;
}

/// Hides in row `query` of the scores what the masks hide, and the padding. s: (padded keys)
template <class T>
void hide(const AttentionHead<T>& head, std::int64_t query, T* s) {
  const std::int64_t keys = head.keys;
  if (head.is_key) {
#pragma omp simd
    for (std::int64_t j = 0; j < keys; ++j) s[j] = head.is_key[j] ? s[j] : kHidden<T>;
  }
  if (head.mask) {
    const std::int32_t* mask = head.mask + query * keys;
#pragma omp simd
    for (std::int64_t j = 0; j < keys; ++j) s[j] = mask[j] ? s[j] : kHidden<T>;
  }
  if (head.causal) {
    for (std::int64_t j = query + 1; j < keys; ++j) s[j] = kHidden<T>;
  }
  for (std::int64_t j = keys; j < padded<T>(keys); ++j) s[j] = kHidden<T>;
}

/// What a row that sees no key gets.
template <class T>
void fill_without_keys(const AttentionHead<T>& head, T* p) {
  const T value = head.uniform_without_keys ? T(1) / static_cast<T>(head.keys) : T(0);
  for (std::int64_t j = 0; j < padded<T>(head.keys); ++j) p[j] = j < head.keys ? value : T(0);
}

/// e^(s - shift), in place, but 0 for hidden keys, where exp does not give it. n: whole vectors. Returns the sum.
template <class T>
T exponentials(T* s, T shift, std::int64_t n) {
  typename Vector<T>::type sum{};
  for (std::int64_t j = 0; j < n; j += kLanes<T>) {
#pragma omp simd
    for (std::int64_t l = 0; l < kLanes<T>; ++l) {  // a constant count: no code for a remainder, which would cost as much
      const T e = exp_of(s[j + l] - shift);
      s[j + l] = s[j + l] == kHidden<T> ? T(0) : e;
    }
    sum += load(s + j);
  }
  return sum_of<T>(sum);
}

/// Scores of `rows` queries become probabilities, in place; lse, unless null: log Σ exp of each row. s: (rows, padded keys)
template <class T>
void softmax(const AttentionHead<T>& head, std::int64_t rows, T* s, T* lse) {
  const std::int64_t n = padded<T>(head.keys);
  for (std::int64_t i = 0; i < rows; ++i, s += n) {
    const T top = max_of(s, n), sum = exponentials(s, top, n);
    if (sum == 0) {
      fill_without_keys(head, s);
    } else {
      const T scale = T(1) / sum;
      for (std::int64_t j = 0; j < n; j += kLanes<T>) store(load(s + j) * scale, s + j);
    }
    if (lse) lse[i] = sum == 0 ? kHidden<T> : top + log_of(sum);
  }
}

/// mask = keep * scale for `rows` queries from `query` on. mask: (rows, padded keys)
template <class T>
void draw_mask(const AttentionHead<T>& head, std::int64_t query, std::int64_t rows, T* mask) {
  const DropoutDraw& draw = *head.dropout;
  const T scale = static_cast<T>(draw.scale);
  const std::int64_t ld = padded<T>(head.keys);
  int shift = 4;  // 2^shift lanes for one row: several short rows are drawn together
  while (shift > 0 && (2 << shift) >= ld) --shift;
  const std::int64_t width = std::int64_t{1} << shift, together = kPhiloxBlocks >> shift;

  std::uint32_t row_of[kPhiloxBlocks], block_of_lane[kPhiloxBlocks], first[kPhiloxBlocks], words[4 * kPhiloxBlocks];
  for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) first[i] = head.first_block + static_cast<std::uint32_t>(i & (width - 1));
  for (std::int64_t row = 0; row < rows; row += together) {
    const std::int64_t count = rows - row < together ? rows - row : together;
    for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) row_of[i] = head.global_rows[query + row + (i >> shift < count ? i >> shift : 0)];
    for (std::int64_t begin = 0; begin < ld; begin += 4 * width) {
      for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) block_of_lane[i] = first[i] + static_cast<std::uint32_t>(begin / 4);
      draw_blocks(draw, row_of, block_of_lane, words);
      const std::int64_t columns = ld - begin < 4 * width ? ld - begin : 4 * width;
      for (std::int64_t r = 0; r < count; ++r) {
        const std::uint32_t* from = words + r * 4 * width;
        T* to = mask + (row + r) * ld + begin;
#pragma omp simd
        for (std::int64_t j = 0; j < columns; ++j) to[j] = from[j] >= draw.threshold ? scale : T(0);
      }
    }
  }
}

template <class T>
void set_zero(HeadRows<T> rows, std::int64_t count, std::int64_t columns) {
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t c = 0; c < columns; ++c) rows.data[i * rows.ld + c] = 0;
}

template <class T>
void forward(const AttentionHead<T>& head, HeadRows<T> out, T* lse, T* probabilities, T* work) {
  const std::int64_t queries = head.queries, keys = head.keys, d = head.key_dim, v = head.value_dim, ld = padded<T>(keys);
  if (keys == 0) {
    set_zero(out, queries, v);
    for (std::int64_t i = 0; lse && i < queries; ++i) lse[i] = kHidden<T>;
    return;
  }
  const std::int64_t block = block_of(head);
  T* k_transposed = work;                              // (d, keys) in panels
  T* values = k_transposed + panels_size<T>(d, keys);  // (keys, v) in panels
  T* p = values + panels_size<T>(keys, v);             // (block, ld)
  T* mask = p + block * ld;                            // (block, ld)
  pack_transposed(head.key.data, head.key.ld, keys, d, inverse_root<T>(d), k_transposed);
  pack(head.value.data, head.value.ld, keys, v, T(1), values);

  for (std::int64_t begin = 0; begin < queries; begin += block) {
    const std::int64_t rows = queries - begin < block ? queries - begin : block;
    multiply<T>(rows, ld, d, {head.query.data + begin * head.query.ld, head.query.ld, 1}, k_transposed, p, ld, false);
    for (std::int64_t i = 0; i < rows; ++i) hide(head, begin + i, p + i * ld);
    softmax(head, rows, p, lse ? lse + begin : nullptr);
    for (std::int64_t i = 0; probabilities && i < rows; ++i)
      __builtin_memcpy(probabilities + (begin + i) * keys, p + i * ld, static_cast<std::size_t>(keys) * sizeof(T));
    if (head.dropout) {
      draw_mask(head, begin, rows, mask);
      for (std::int64_t i = 0; i < rows * ld; i += kLanes<T>) store(load(p + i) * load(mask + i), p + i);
    }
    multiply<T>(rows, v, keys, {p, ld, 1}, values, out.data + begin * out.ld, out.ld, false);
  }
}

/// One row of backward, in place: scores s become probabilities after dropout, ds = d loss / d probability after dropout
/// becomes d loss / d score. mask and dp (d loss / d probability before dropout, beyond ds) may be null.
template <class T>
void backward_row(const AttentionHead<T>& head, T lse, T delta, const T* mask, const T* dp, T* s, T* ds) {
  const std::int64_t n = padded<T>(head.keys);
  if (lse == kHidden<T>) {  // its probabilities are constants
    fill_without_keys(head, s);
    for (std::int64_t j = 0; j < n; ++j) ds[j] = 0;
    for (std::int64_t j = 0; mask && j < head.keys; ++j) s[j] *= mask[j];
    return;
  }
  exponentials(s, lse, n);
  if (mask) {
    for (std::int64_t j = 0; j < n; j += kLanes<T>) store(load(ds + j) * load(mask + j), ds + j);
  }
  if (dp) {
    delta = 0;
    for (std::int64_t j = 0; j < head.keys; ++j) {
      ds[j] += dp[j];
      delta += s[j] * ds[j];
    }
  }
  for (std::int64_t j = 0; j < n; j += kLanes<T>) store(load(s + j) * (load(ds + j) - delta), ds + j);
  if (mask) {
    for (std::int64_t j = 0; j < n; j += kLanes<T>) store(load(s + j) * load(mask + j), s + j);
  }
}

template <class T>
T dot(const T* a, const T* b, std::int64_t n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

template <class T>
void backward(const AttentionHead<T>& head, const AttentionHeadGradients<T>& g, T* work) {
  const std::int64_t queries = head.queries, keys = head.keys, d = head.key_dim, v = head.value_dim, ld = padded<T>(keys);
  if (queries == 0 || keys == 0) {
    if (g.dquery.data) set_zero(g.dquery, queries, d);
    if (g.dkey.data) set_zero(g.dkey, keys, d);
    if (g.dvalue.data) set_zero(g.dvalue, keys, v);
    return;
  }
  const std::int64_t block = block_of(head);
  const T scale = inverse_root<T>(d);
  T* k_transposed = work;                                    // (d, keys) in panels, as are the next four
  T* v_transposed = k_transposed + panels_size<T>(d, keys);  // (v, keys)
  T* k_rows = v_transposed + panels_size<T>(v, keys);        // (keys, d)
  T* q_rows = k_rows + panels_size<T>(keys, d);              // (block, d)
  T* dout_rows = q_rows + panels_size<T>(block, d);          // (block, v)
  T* p = dout_rows + panels_size<T>(block, v);               // (block, ld), as are the next two
  T* ds = p + block * ld;
  T* mask = ds + block * ld;
  pack_transposed(head.key.data, head.key.ld, keys, d, scale, k_transposed);
  pack_transposed(head.value.data, head.value.ld, keys, v, T(1), v_transposed);
  if (g.dquery.data) pack(head.key.data, head.key.ld, keys, d, scale, k_rows);

  for (std::int64_t begin = 0; begin < queries; begin += block) {
    const std::int64_t rows = queries - begin < block ? queries - begin : block;
    const T* query = head.query.data + begin * head.query.ld;
    const T *out = g.out.data + begin * g.out.ld, *dout = g.dout.data + begin * g.dout.ld;
    multiply<T>(rows, ld, d, {query, head.query.ld, 1}, k_transposed, p, ld, false);
    multiply<T>(rows, ld, v, {dout, g.dout.ld, 1}, v_transposed, ds, ld, false);
    if (head.dropout) draw_mask(head, begin, rows, mask);
    for (std::int64_t i = 0; i < rows; ++i) {
      hide(head, begin + i, p + i * ld);
      // Σ_j p_ij d p_ij = dout_i · out_i, dropout or not.
      backward_row(head, g.lse[begin + i], dot(out + i * g.out.ld, dout + i * g.dout.ld, v), head.dropout ? mask + i * ld : nullptr,
                   g.dprobabilities ? g.dprobabilities + (begin + i) * keys : nullptr, p + i * ld, ds + i * ld);
    }
    if (g.dquery.data) multiply<T>(rows, d, keys, {ds, ld, 1}, k_rows, g.dquery.data + begin * g.dquery.ld, g.dquery.ld, false);
    if (g.dkey.data) {
      pack(query, head.query.ld, rows, d, scale, q_rows);
      multiply<T>(keys, d, rows, {ds, 1, ld}, q_rows, g.dkey.data, g.dkey.ld, begin > 0);
    }
    if (g.dvalue.data) {
      pack(dout, g.dout.ld, rows, v, T(1), dout_rows);
      multiply<T>(keys, v, rows, {p, 1, ld}, dout_rows, g.dvalue.data, g.dvalue.ld, begin > 0);
    }
  }
}

}  // namespace

template <class T>
AttentionKernels<T> attention_kernels() {
  return {.workspace = workspace<T>, .forward = forward<T>, .backward = backward<T>};
}
template AttentionKernels<float> attention_kernels<float>();
template AttentionKernels<double> attention_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
