#pragma once

#include <cstdint>

#include "framework/kernels/dropout.h"

namespace linnet::kernels {

/// Rows of one head in a wider buffer: row i begins at data + i * ld, in elements.
template <class T>
struct HeadRows {
  T* data = nullptr;
  std::int64_t ld = 0;
};

/// Attention of one sequence and one head.
template <class T>
struct AttentionHead {
  std::int64_t queries = 0, keys = 0;  ///< rows of this sequence
  std::int64_t key_dim = 0, value_dim = 0;
  HeadRows<const T> query{}, key{}, value{};   ///< (queries, key_dim), (keys, key_dim), (keys, value_dim)
  const std::uint8_t* is_key = nullptr;        ///< (keys), 0 = hidden from every query; null: none is
  const std::int32_t* mask = nullptr;          ///< (queries, keys), 0 = hidden; null: none is
  bool causal = false;                         ///< query i sees keys 0 … i only
  bool uniform_without_keys = false;           ///< a query that sees no key: 1 / keys for each, instead of zeros
  const DropoutDraw* dropout = nullptr;        ///< on the probabilities; null: none
  const std::uint32_t* global_rows = nullptr;  ///< (queries), for dropout
  std::uint32_t first_block = 0;               ///< dropout's column block of key 0; key j draws word j % 4 of block first_block + j / 4
};

/// What backward reads and writes besides. Gradients that are null are not computed; the others are overwritten.
template <class T>
struct AttentionHeadGradients {
  HeadRows<const T> out{}, dout{};    ///< (queries, value_dim), the result and its gradient
  const T* lse = nullptr;             ///< (queries), as forward left it
  const T* dprobabilities = nullptr;  ///< (queries, keys), or null for none
  HeadRows<T> dquery{}, dkey{}, dvalue{};
};

template <class T>
struct AttentionKernels {
  /// Elements of workspace that forward or backward needs for heads up to these extents (no pointer is read).
  std::int64_t (*workspace)(const AttentionHead<T>& head);
  /// out = dropout(softmax(q kᵀ / sqrt(key_dim))) v, hidden keys having probability 0 exactly.
  /// out: (queries, value_dim); lse: (queries), log Σ exp of each row's visible scores, or null; probabilities: (queries, keys),
  /// before dropout, or null. Source: Dao et al. 2022, arXiv:2205.14135; a whole row of scores fits in the workspace here, so
  /// softmax is the plain one.
  void (*forward)(const AttentionHead<T>& head, HeadRows<T> out, T* lse, T* probabilities, T* workspace);
  /// Recomputes the probabilities from lse, never stored ones. Source: the same, algorithm 4 of its appendix.
  void (*backward)(const AttentionHead<T>& head, const AttentionHeadGradients<T>& gradients, T* workspace);
};

}  // namespace linnet::kernels
