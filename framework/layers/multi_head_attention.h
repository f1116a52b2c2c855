#pragma once

#include "framework/layers/dropout.h"
#include "framework/layers/einsum_dense.h"
#include "framework/layers/softmax.h"
#include "framework/ops/attention.h"

namespace linnet {

/// Scaled dot-product attention over several heads with learned projections, as keras.layers.MultiHeadAttention.
/// query: (query tokens, query_dim), value: (value tokens, input_dim), key: (value tokens, key_input_dim) -> (query tokens, output_dim)
/// Weights: query, key (columns, num_heads, key_dim), value (columns, num_heads, value_dim), attention_output
/// (num_heads, value_dim, output_dim), each with its bias if use_bias. Source: Vaswani et al. 2017, arXiv:1706.03762.
class MultiHeadAttention : public Layer {
 public:
  struct Config {
    std::int64_t num_heads = 0, key_dim = 0;
    std::optional<std::int64_t> value_dim = {};      ///< per head; key_dim unless given
    std::int64_t query_dim = 0;                      ///< columns of the query input
    std::optional<std::int64_t> input_dim = {};      ///< columns of the value input; query_dim unless given
    std::optional<std::int64_t> key_input_dim = {};  ///< columns of the key input; input_dim unless given
    std::optional<std::int64_t> output_dim = {};     ///< query_dim unless given
    double dropout = 0;                              ///< rate, on the attention probabilities
    bool use_bias = true;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless all sizes are positive and dropout lies in [0, 1].
  explicit MultiHeadAttention(const Config& config);
  const Config& config() const { return config_; }

  /// Which rows attend to which, besides each sequence's own keys (SequenceLayout::is_key).
  struct Masks {
    /// int32 (batch, queries, keys) or (batch, num_heads, queries, keys), 0 = hidden; extents of 1 stretch.
    ops::AttentionMask attention = {};
    bool causal = false;  ///< query i of a sequence sees its keys 0 … i only
    Tensor queries = {};  ///< int32 (batch, queries): a query with 0 sees no key
  };
  /// All that one call of Keras' layer may take. Sequence i of the queries attends to sequence i of the keys and values.
  struct Inputs {
    Tensor query;
    SequenceLayout queries;
    Tensor value = {};  ///< undefined: self-attention, and `values` and `key` are ignored
    SequenceLayout values = {};
    Tensor key = {};  ///< with the layout of value; the value itself unless given
    Masks masks = {};
  };
  /// Throws std::invalid_argument unless the layouts cover the rows and the masks fit. A query that sees no key gets the mean
  /// of all values, or with dropout > 0 zeros: Keras takes another path then.
  Tensor forward(const Inputs& inputs) const;
  /// The same with the probabilities, for sequences of one length. A query that sees no key gets zeros.
  ops::AttentionWithScores forward_with_scores(const Inputs& inputs) const;
  /// Self-attention over the sequences of `layout`. Throws unless it covers the rows of x.
  Tensor forward(const Tensor& x, const SequenceLayout& layout, const Masks& masks) const;
  /// Sequence i of the queries attends to sequence i of the values, which give keys and values.
  Tensor forward(const Tensor& query, const SequenceLayout& query_layout, const Tensor& value, const SequenceLayout& value_layout,
                 const Masks& masks) const;
  /// forward(x, layout, masks) for the first row of each sequence alone: (batch, output_dim). Cheaper, otherwise the same.
  Tensor forward_first_rows(const Tensor& x, const SequenceLayout& layout) const;

 private:
  struct Projections;
  Projections project(const Inputs& inputs) const;
  ops::AttentionOptions options(const Masks& masks, bool with_scores) const;
  Config config_;
  EinsumDense &query_dense_, &key_dense_, &value_dense_;
  Dropout& dropout_layer_;
  EinsumDense& output_dense_;
};

}  // namespace linnet
