#include "framework/text/masked_lm_mask_generator.h"

#include <algorithm>
#include <utility>

#include "framework/core/error.h"

namespace linnet {

namespace {

double uniform(std::uint32_t word) { return word * 0x1p-32; }

}  // namespace

MaskedLMMaskGenerator::MaskedLMMaskGenerator(const Config& config) : config_(config) {
  const auto check_rate = [](const char* name, double rate) {
    check(rate >= 0 && rate <= 1, "MaskedLMMaskGenerator: ", name, " must be in [0, 1], got ", rate);
  };
  check(config_.mask_token_id >= 0 && config_.mask_token_id < config_.vocabulary_size, "MaskedLMMaskGenerator: mask_token_id must be in [0, ",
        config_.vocabulary_size, "), got ", config_.mask_token_id);
  check(config_.vocabulary_size <= INT32_MAX, "MaskedLMMaskGenerator: vocabulary_size must fit into int32, got ", config_.vocabulary_size);
  check_rate("mask_selection_rate", config_.mask_selection_rate);
  check_rate("mask_token_rate", config_.mask_token_rate);
  check_rate("random_token_rate", config_.random_token_rate);
  check_rate("mask_token_rate + random_token_rate", config_.mask_token_rate + config_.random_token_rate);
  check(config_.mask_selection_length.value_or(0) >= 0, "MaskedLMMaskGenerator: mask_selection_length must be at least 0, got ",
        config_.mask_selection_length.value_or(0));
}

MaskedTokens MaskedLMMaskGenerator::mask(std::span<const std::int32_t> token_ids, const RandomStream& stream, std::int64_t row) const {
  check(row >= 0 && row <= UINT32_MAX, "MaskedLMMaskGenerator: row must be in [0, 2^32), got ", row);
  const auto draw = [&](std::size_t position) {
    return philox(stream.seed, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(position), stream.op, stream.step);
  };
  const auto& unselectable = config_.unselectable_token_ids;
  // The words of a token's block: selection, kind of replacement, random id, rank in the choice of a subset.
  std::vector<std::pair<std::uint32_t, std::size_t>> selected;
  for (std::size_t p = 0; p < token_ids.size(); ++p) {
    if (std::find(unselectable.begin(), unselectable.end(), token_ids[p]) != unselectable.end()) continue;
    const PhiloxBlock block = draw(p);
    if (uniform(block.words[0]) < config_.mask_selection_rate) selected.emplace_back(block.words[3], p);
  }
  const auto limit = static_cast<std::size_t>(config_.mask_selection_length.value_or(INT64_MAX));
  if (selected.size() > limit) {
    std::sort(selected.begin(), selected.end());
    selected.resize(limit);
    std::sort(selected.begin(), selected.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  }
  MaskedTokens result;
  result.token_ids.assign(token_ids.begin(), token_ids.end());
  for (const auto& choice : selected) {
    const std::size_t p = choice.second;
    const PhiloxBlock block = draw(p);
    const double kind = uniform(block.words[1]);
    result.mask_positions.push_back(static_cast<std::int32_t>(p));
    result.mask_ids.push_back(token_ids[p]);
    if (kind < config_.mask_token_rate) {
      result.token_ids[p] = config_.mask_token_id;
    } else if (kind < config_.mask_token_rate + config_.random_token_rate) {
      const auto size = static_cast<std::uint64_t>(config_.vocabulary_size);
      result.token_ids[p] = static_cast<std::int32_t>(block.words[2] * size >> 32);
    }
  }
  return result;
}

}  // namespace linnet
