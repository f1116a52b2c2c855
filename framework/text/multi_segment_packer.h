#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet {

/// One sequence as a model reads it, without padding.
struct TokenizedText {
  std::vector<std::int32_t> token_ids, segment_ids;  ///< of equal length
  bool operator==(const TokenizedText&) const = default;
};

/// Packs the segments of an example into one sequence, as keras_hub.layers.MultiSegmentPacker computes it in Python:
/// start, segment 0, separator, segment 1, separator, …, last segment, end. Segment ids: start 0; segment s and the separator
/// behind it s; end that of the last segment. Const and thread-safe.
class MultiSegmentPacker {
 public:
  struct Config {
    std::int64_t sequence_length = 512;
    std::vector<std::int32_t> start_value = {}, end_value = {};
    std::optional<std::vector<std::int32_t>> sep_value = {};  ///< none: end_value
    std::optional<std::int32_t> pad_value = {};               ///< none: 0
    std::string truncate = "round_robin";                     ///< or "waterfall"
    std::string padding_side = "right";                       ///< or "left"
  };
  struct CallOptions {
    std::optional<std::int64_t> sequence_length = {};  ///< in place of the config's
    bool add_start_value = true, add_end_value = true;
  };

  /// Throws std::invalid_argument for another `truncate` or `padding_side`, or a sequence_length below 1.
  explicit MultiSegmentPacker(const Config& config);
  const Config& config() const { return config_; }

  /// At most sequence_length ids: segments are cut so that all fits. "waterfall" fills from the first segment on;
  /// "round_robin" takes one token of each in turn. Special values are never cut, even if they alone are more.
  /// Throws std::invalid_argument if there are no segments.
  TokenizedText pack(std::span<const std::vector<std::int32_t>> segments, const CallOptions& options) const;
  TokenizedText pack(std::span<const std::vector<std::int32_t>> segments) const { return pack(segments, CallOptions()); }
  /// The same filled up to `length` (no less than its own), pad_value in token_ids and 0 in segment_ids.
  TokenizedText pad(const TokenizedText& text, std::int64_t length) const;

 private:
  Config config_;
};

}  // namespace linnet
