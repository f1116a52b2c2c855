#include "framework/text/multi_segment_packer.h"

#include <algorithm>

#include "framework/core/error.h"

namespace linnet {

namespace {

using Segments = std::span<const std::vector<std::int32_t>>;

/// How many tokens of each segment stay: the first ones in turn.
std::vector<std::int64_t> waterfall(Segments segments, std::int64_t budget) {
  std::vector<std::int64_t> kept;
  for (const auto& segment : segments) {
    kept.push_back(std::clamp<std::int64_t>(budget, 0, static_cast<std::int64_t>(segment.size())));
    budget -= kept.back();
  }
  return kept;
}

/// One token of each segment in turn until the budget is spent: whole rounds first, the rest to the earlier segments.
std::vector<std::int64_t> round_robin(Segments segments, std::int64_t budget) {
  const auto within = [&](std::int64_t rounds) {
    std::int64_t sum = 0;
    for (const auto& segment : segments) sum += std::min(rounds, static_cast<std::int64_t>(segment.size()));
    return sum;
  };
  std::int64_t rounds = 0, too_many = 1;  // the most whole rounds within the budget, by bisection
  for (const auto& segment : segments) too_many = std::max(too_many, static_cast<std::int64_t>(segment.size()) + 1);
  while (too_many - rounds > 1) {
    const std::int64_t middle = rounds + (too_many - rounds) / 2;
    (within(middle) <= budget ? rounds : too_many) = middle;
  }
  std::int64_t rest = std::max<std::int64_t>(budget, 0) - within(rounds);
  std::vector<std::int64_t> kept;
  for (const auto& segment : segments) {
    const auto size = static_cast<std::int64_t>(segment.size());
    const bool one_more = size > rounds && rest > 0;
    kept.push_back(std::min(rounds, size) + (one_more ? 1 : 0));
    if (one_more) --rest;
  }
  return kept;
}

}  // namespace

MultiSegmentPacker::MultiSegmentPacker(const Config& config) : config_(config) {
  check(config_.sequence_length >= 1, "MultiSegmentPacker: sequence_length must be at least 1, got ", config_.sequence_length);
  check(config_.truncate == "round_robin" || config_.truncate == "waterfall", "MultiSegmentPacker: truncate must be round_robin or waterfall, got ",
        config_.truncate);
  check(config_.padding_side == "right" || config_.padding_side == "left", "MultiSegmentPacker: padding_side must be right or left, got ",
        config_.padding_side);
}

TokenizedText MultiSegmentPacker::pack(Segments segments, const CallOptions& options) const {
  check(!segments.empty(), "MultiSegmentPacker: there must be at least one segment, got 0");
  const std::int64_t length = options.sequence_length.value_or(config_.sequence_length);
  check(length >= 1, "MultiSegmentPacker: sequence_length must be at least 1, got ", length);
  const std::vector<std::int32_t> none;
  const auto& start = options.add_start_value ? config_.start_value : none;
  const auto& end = options.add_end_value ? config_.end_value : none;
  const auto& separator = config_.sep_value ? *config_.sep_value : config_.end_value;
  const std::size_t special = start.size() + (segments.size() - 1) * separator.size() + end.size();
  const std::int64_t budget = length - static_cast<std::int64_t>(special);
  const std::vector<std::int64_t> kept = config_.truncate == "waterfall" ? waterfall(segments, budget) : round_robin(segments, budget);

  TokenizedText result;
  const auto append = [&](std::span<const std::int32_t> values, std::size_t segment) {
    result.token_ids.insert(result.token_ids.end(), values.begin(), values.end());
    result.segment_ids.insert(result.segment_ids.end(), values.size(), static_cast<std::int32_t>(segment));
  };
  append(start, 0);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    append(std::span(segments[s]).first(static_cast<std::size_t>(kept[s])), s);
    append(s + 1 < segments.size() ? separator : end, s);
  }
  return result;
}

TokenizedText MultiSegmentPacker::pad(const TokenizedText& text, std::int64_t length) const {
  const auto own = static_cast<std::int64_t>(text.token_ids.size());
  check(length >= own, "MultiSegmentPacker: the padded length must be at least the text's, got ", length, " and ", own);
  TokenizedText result = text;
  const bool left = config_.padding_side == "left";
  const auto fill = [&](std::vector<std::int32_t>& values, std::int32_t value) {
    values.insert(left ? values.begin() : values.end(), static_cast<std::size_t>(length - own), value);
  };
  fill(result.token_ids, config_.pad_value.value_or(0));
  fill(result.segment_ids, 0);
  return result;
}

}  // namespace linnet
