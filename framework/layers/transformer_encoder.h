#pragma once

#include "framework/layers/dense.h"
#include "framework/layers/layer_normalization.h"
#include "framework/layers/multi_head_attention.h"

namespace linnet {

/// One encoder block: self-attention and a two-layer feed-forward network, each with dropout, residual and layer norm.
/// As keras_hub.layers.TransformerEncoder. Source: Vaswani et al. 2017, arXiv:1706.03762.
class TransformerEncoder : public Layer {
 public:
  struct Config {
    std::int64_t hidden_dim = 0;
    std::int64_t intermediate_dim = 0;
    std::int64_t num_heads = 0;
    double dropout = 0.0;
    std::string activation = "relu";
    double layer_norm_epsilon = 1e-5;
    Initializer kernel_initializer = {}, bias_initializer = Initializer::zeros();
    bool normalize_first = false;  ///< layer norm before each half instead of after it
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Head width is hidden_dim / num_heads, rounded down. Throws std::invalid_argument unless the sizes are positive and
  /// num_heads is at most hidden_dim.
  explicit TransformerEncoder(const Config& config);
  const Config& config() const { return config_; }
  /// x, result: (tokens, hidden_dim). Const and thread-safe. Throws unless `layout` covers exactly the rows of x.
  Tensor forward(const Tensor& x, const SequenceLayout& layout, const ops::AttentionMask& mask = {}) const;
  /// The same with the attention probabilities (batch, num_heads, length, length) of sequences of one length, which it
  /// computes as Keras does: a row that sees no key has zeros.
  ops::AttentionWithScores forward_with_scores(const Tensor& x, const SequenceLayout& layout, const ops::AttentionMask& mask = {}) const;
  /// The first row of each sequence of forward(x, layout), (batch, hidden_dim), in training too: keys and values of all
  /// rows, the rest for those rows only. Throws also if a sequence is empty.
  Tensor forward_first_rows(const Tensor& x, const SequenceLayout& layout) const;

 private:
  // === What the public functions run, once more in backward when checkpointing() is on
  Tensor block(const Tensor& x, const SequenceLayout& layout, const ops::AttentionMask& mask) const;
  Tensor first_rows_block(const Tensor& x, const SequenceLayout& layout) const;
  Tensor attention_half(const Tensor& attention, const Tensor& residual, const SequenceLayout& layout) const;
  Tensor feedforward_half(const Tensor& x, const SequenceLayout& layout) const;

  Config config_;
  MultiHeadAttention& self_attention_layer_;  // child names follow Keras, so weight files map by rule
  LayerNormalization& self_attention_layer_norm_;
  Dropout& self_attention_dropout_;
  LayerNormalization& feedforward_layer_norm_;  // before the two Dense: Keras' order of variables
  Dense& feedforward_intermediate_dense_;
  Dense& feedforward_output_dense_;
  Dropout& feedforward_dropout_;
};

}  // namespace linnet
