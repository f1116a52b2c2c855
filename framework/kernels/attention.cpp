#include "framework/kernels/attention.h"

#include "framework/kernels/math.h"
#include "framework/kernels/philox.h"
#include "framework/kernels/tile.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// The score of a hidden key, and the lse of a row that sees none: below every score that does not overflow.
template <class T>
constexpr T kHidden = sizeof(T) == 4 ? T(-3.4028234e38) : T(-1.7976931348623157e308);

/// Queries whose scores are kept at once: about 64 KiB of them, which stay in the second-level cache.
template <class T>
std::int64_t block_of(const AttentionHead<T>& head) {
  const std::int64_t fit = 65536 / static_cast<std::int64_t>(sizeof(T)) / padded<T>(head.keys > 0 ? head.keys : 1);
  const std::int64_t block = fit < 8 ? 8 : fit > 64 ? 64 : fit;
  return block < head.queries ? block : head.queries;
}

template <class T>
T inverse_root(std::int64_t key_dim) {
  return T(1) / sqrt_of(static_cast<T>(key_dim));
}

template <class T>
std::int64_t workspace(const AttentionHead<T>& head) {
  const std::int64_t block = block_of(head), keys = head.keys, d = head.key_dim, v = head.value_dim;
  return panels_size<T>(d, keys) + panels_size<T>(v, keys) + panels_size<T>(keys, d) + panels_size<T>(block, d) + panels_size<T>(block, v) +
         panels_size<T>(keys, v) + 3 * block * padded<T>(keys);
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

/// Scores become probabilities, in place; returns log Σ exp when asked, kHidden for a row that sees no key. n: whole vectors.
template <class T>
T softmax(const AttentionHead<T>& head, T* s, bool with_lse) {
  const std::int64_t n = padded<T>(head.keys);
  T top = kHidden<T>;
#pragma omp simd reduction(max : top)
  for (std::int64_t j = 0; j < n; ++j) top = s[j] > top ? s[j] : top;
  T sum = 0;
  // exp never gives 0 here: hidden keys must.
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < n; ++j) {
    const T e = exp_of(s[j] - top);
    s[j] = s[j] == kHidden<T> ? T(0) : e;
    sum += s[j];
  }
  if (sum == 0) {
    fill_without_keys(head, s);
    return kHidden<T>;
  }
  const T scale = T(1) / sum;
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) s[j] *= scale;
  return with_lse ? top + log_of(sum) : T(0);
}

/// mask = keep * scale for `rows` queries from `query` on. mask: (rows, padded keys)
template <class T>
void draw_mask(const AttentionHead<T>& head, std::int64_t query, std::int64_t rows, T* mask) {
  const DropoutDraw& draw = *head.dropout;
  const T scale = static_cast<T>(draw.scale);
  const std::int64_t ld = padded<T>(head.keys), blocks = (head.keys + 3) / 4, count = rows * blocks;
  std::uint32_t row_of[kPhiloxBlocks], block_of_lane[kPhiloxBlocks], words[4 * kPhiloxBlocks];
  T* to[kPhiloxBlocks];
  // Lanes run over blocks of several rows: a short row alone would leave most of them idle.
  for (std::int64_t begin = 0, row = 0, block = 0; begin < count; begin += kPhiloxBlocks) {
    const std::int64_t lanes = count - begin < kPhiloxBlocks ? count - begin : kPhiloxBlocks;
    for (std::int64_t i = 0; i < kPhiloxBlocks; ++i) {
      row_of[i] = i < lanes ? head.global_rows[query + row] : 0;
      block_of_lane[i] = head.first_block + static_cast<std::uint32_t>(block);
      to[i] = mask + row * ld + 4 * block;
      if (++block == blocks) {
        block = 0;
        ++row;
      }
    }
    draw_blocks(draw, row_of, block_of_lane, words);
    T factors[4 * kPhiloxBlocks];
#pragma omp simd
    for (std::int64_t i = 0; i < 4 * kPhiloxBlocks; ++i) factors[i] = words[i] >= draw.threshold ? scale : T(0);
    for (std::int64_t i = 0; i < lanes; ++i) __builtin_memcpy(to[i], factors + 4 * i, 4 * sizeof(T));
  }
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t j = 4 * blocks; j < ld; ++j) mask[row * ld + j] = 0;
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
    for (std::int64_t i = 0; i < rows; ++i) {
      hide(head, begin + i, p + i * ld);
      const T sum = softmax(head, p + i * ld, lse != nullptr);
      if (lse) lse[begin + i] = sum;
      for (std::int64_t j = 0; probabilities && j < keys; ++j) probabilities[(begin + i) * keys + j] = p[i * ld + j];
    }
    if (head.dropout) {
      draw_mask(head, begin, rows, mask);
#pragma omp simd
      for (std::int64_t i = 0; i < rows * ld; ++i) p[i] *= mask[i];
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
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) {
    const T e = exp_of(s[j] - lse);
    s[j] = s[j] == kHidden<T> ? T(0) : e;
  }
  if (mask) {
#pragma omp simd
    for (std::int64_t j = 0; j < n; ++j) ds[j] *= mask[j];
  }
  if (dp) {
    delta = 0;
    for (std::int64_t j = 0; j < head.keys; ++j) {
      ds[j] += dp[j];
      delta += s[j] * ds[j];
    }
  }
  if (mask) {
#pragma omp simd
    for (std::int64_t j = 0; j < n; ++j) {
      ds[j] = s[j] * (ds[j] - delta);
      s[j] *= mask[j];
    }
  } else {
#pragma omp simd
    for (std::int64_t j = 0; j < n; ++j) ds[j] = s[j] * (ds[j] - delta);
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
