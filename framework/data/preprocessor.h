#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/tensor.h"
#include "framework/text/multi_segment_packer.h"

namespace linnet {

/// A batch of sequences filled up to one length. Each tensor (batch, length) int32.
struct PaddedTokens {
  Tensor token_ids, segment_ids;
  Tensor padding_mask;  ///< 1 where token_ids is not the padding id
};

/// Turns the text segments of one example (a sentence, or a pair) into one sequence of a model. Const and thread-safe.
class Preprocessor {
 public:
  virtual ~Preprocessor() = default;
  /// Without padding, at most sequence_length tokens. Throws std::invalid_argument on text that is not UTF-8.
  virtual TokenizedText preprocess(std::span<const std::string_view> segments) const = 0;
  /// A batch of examples as Keras' preprocessors return it: every sequence filled up to sequence_length.
  virtual PaddedTokens preprocess_batch(std::span<const std::vector<std::string>> examples) const = 0;
};

}  // namespace linnet
