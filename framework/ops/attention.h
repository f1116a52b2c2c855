#pragma once

#include <cstdint>
#include <utility>

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// Columns [begin, begin + columns) of each row of a tensor (..., width): query, key and value may lie side by side in one
/// buffer, as concatenated_dense leaves them. Implicit from a tensor: all of its columns.
struct ColumnRange {
  Tensor tensor;
  std::int64_t begin = 0;
  std::int64_t columns = -1;  ///< -1: from `begin` to the end

  ColumnRange(Tensor all) : tensor(std::move(all)) {}
  ColumnRange(Tensor wider, std::int64_t first, std::int64_t count) : tensor(std::move(wider)), begin(first), columns(count) {}
};

/// Which keys each query may see, besides the layouts' own rule. Implicit from a tensor; none by default.
struct AttentionMask {
  /// (batch, Tq, Tk) or (batch, A, Tq, Tk) int32, 0 = hidden, for sequences of Tq queries and Tk keys each; undefined: no mask
  Tensor visible;

  AttentionMask() = default;
  AttentionMask(Tensor mask) : visible(std::move(mask)) {}
};

struct AttentionOptions {
  std::int64_t num_heads = 0;
  std::int64_t key_dim = 0;           ///< width of a head's query and key
  std::int64_t value_dim = 0;         ///< width of a head's value; 0: key_dim
  bool causal = false;                ///< query i of a sequence sees its keys 0 … i only
  bool uniform_without_keys = false;  ///< a query that sees no key gets the mean of all values of its sequence, instead of zeros
  double dropout = 0;                 ///< rate, on the probabilities
};

/// Scaled dot-product attention over packed sequences: dropout(softmax(Q Kᵀ / sqrt(D))) V, per sequence and head.
/// query: (Nq, A·D), key: (Nk, A·D), value: (Nk, A·V); result: (Nq, A·V), for A heads of width D and V; any float dtype.
/// Leading axes may be several, as (batch, length, A·D). Sequence i of `queries` attends to sequence i of `keys`, to those
/// rows that `keys.is_key`, `mask` and `causal` allow; hidden keys have probability 0 exactly. Sequences may be empty.
/// Queries may be SequenceLayout::first_rows() of the keys' layout: their results are those of the whole computation.
/// Dropout is counted: the factor of (query, head, key) is word k % 4 of the Philox counter (the query's global row,
/// head · 2^16 + k / 4, op, step) for the key's index k in its sequence, so that no packing changes it.
/// Saves the inputs, the result and one log-sum-exp per (row, head), never the scores. Ranges of one tensor that do not
/// overlap share one gradient. Results do not depend on the number of threads.
/// Throws std::invalid_argument unless widths, dtypes, layouts and mask fit together, and unless 0 <= dropout <= 1.
/// Source: Vaswani et al. 2017, arXiv:1706.03762; Dao et al. 2022, arXiv:2205.14135.
Tensor attention(const ColumnRange& query, const ColumnRange& key, const ColumnRange& value, const SequenceLayout& queries,
                 const SequenceLayout& keys, const AttentionMask& mask, const AttentionOptions& options);

/// Both results of attention_with_scores.
struct AttentionWithScores {
  Tensor output;  ///< as attention's
  Tensor scores;  ///< (batch, A, Tq, Tk): the probabilities before dropout, as Keras' `return_attention_scores`
};
/// As above, with the probabilities, for those who look at them: for sequences of Tq queries and Tk keys each. Both results
/// are differentiable. Saves what attention saves. Throws as attention does, and unless all sequences are of one length.
AttentionWithScores attention_with_scores(const ColumnRange& query, const ColumnRange& key, const ColumnRange& value, const SequenceLayout& queries,
                                          const SequenceLayout& keys, const AttentionMask& mask, const AttentionOptions& options);

}  // namespace linnet::ops
