#pragma once

#include <span>
#include <vector>

#include "framework/core/sequence_layout.h"
#include "framework/core/tensor.h"

namespace linnet {

/// A batch of sequences without padding: one row a token. token_ids, segment_ids: (tokens) int32.
struct PackedTokens {
  Tensor token_ids, segment_ids;
  SequenceLayout layout;
};

}  // namespace linnet
