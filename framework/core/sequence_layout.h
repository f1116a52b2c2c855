#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// Where each sequence of a batch lies in a (tokens, hidden) tensor. Every layer but attention and dropout ignores it.
struct SequenceLayout {
  std::vector<std::int32_t> cu_seqlens{0};  ///< (batch + 1): sequence i is rows [cu_seqlens[i], cu_seqlens[i + 1])
  std::vector<std::uint8_t> is_key;         ///< (tokens): 0 = no row attends to this one; empty = every row is a key
  std::vector<std::int64_t> first_row;      ///< (batch): row of each sequence's first token in the global batch, for counted randomness

  /// No padding rows at all. Throws on a negative length or more than 2^31 - 1 tokens.
  static SequenceLayout ragged(std::span<const std::int32_t> lengths);
  /// Keras' semantics: all batch * length rows are kept, padding_mask (batch, length) int32 says which are keys (non-zero).
  static SequenceLayout padded(std::int64_t batch, std::int64_t length, const Tensor& padding_mask);

  std::int64_t batch() const { return static_cast<std::int64_t>(cu_seqlens.size()) - 1; }
  std::int64_t tokens() const { return cu_seqlens.back(); }
  /// Rows [begin, end) are those of the sequence.
  std::int64_t begin(std::int64_t sequence) const { return cu_seqlens[static_cast<std::size_t>(sequence)]; }
  std::int64_t end(std::int64_t sequence) const { return cu_seqlens[static_cast<std::size_t>(sequence) + 1]; }
  std::int64_t length(std::int64_t sequence) const { return end(sequence) - begin(sequence); }
  std::int64_t max_length() const;

  /// The layout of the first row of each sequence alone, as attention over whole sequences sees it: (batch) rows that keep
  /// their global rows. Throws if a sequence is empty.
  SequenceLayout first_rows() const;
};

}  // namespace linnet
