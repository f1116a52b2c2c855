#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "framework/core/random.h"

namespace linnet {

/// A sequence with some of its tokens hidden, and what they were.
struct MaskedTokens {
  std::vector<std::int32_t> token_ids;                 ///< the sequence after masking
  std::vector<std::int32_t> mask_positions, mask_ids;  ///< ascending; mask_ids are the original ids there
};

/// Chooses tokens for masked language modelling, as keras_hub.layers.MaskedLMMaskGenerator does in Python: each token that is
/// selectable is selected with probability mask_selection_rate on its own; of too many, a uniformly random subset stays.
/// A selected token becomes mask_token_id (probability mask_token_rate), a uniformly random id (random_token_rate) or stays.
/// Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1. Const and thread-safe.
class MaskedLMMaskGenerator {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0;
    double mask_selection_rate = 0.15;
    std::int32_t mask_token_id = 0;
    std::optional<std::int64_t> mask_selection_length = {};  ///< none: no limit
    std::vector<std::int32_t> unselectable_token_ids = {0};
    double mask_token_rate = 0.8, random_token_rate = 0.1;
  };
  /// Throws std::invalid_argument unless mask_token_id is in [0, vocabulary_size), the rates and the sum of the last two are
  /// in [0, 1], and mask_selection_length is at least 0.
  explicit MaskedLMMaskGenerator(const Config& config);
  const Config& config() const { return config_; }

  /// Token p of the sequence that is `row` of the global batch draws from Philox counter (row, p) of the stream, so the
  /// result depends on nothing else. Throws std::invalid_argument unless 0 <= row < 2^32.
  MaskedTokens mask(std::span<const std::int32_t> token_ids, const RandomStream& stream, std::int64_t row) const;

 private:
  Config config_;
};

}  // namespace linnet
