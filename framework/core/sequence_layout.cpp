#include "framework/core/sequence_layout.h"

#include <algorithm>
#include <limits>

namespace linnet {

SequenceLayout SequenceLayout::ragged(std::span<const std::int32_t> lengths) {
  SequenceLayout layout;
  layout.cu_seqlens.reserve(lengths.size() + 1);
  layout.first_row.reserve(lengths.size());
  std::int64_t tokens = 0;
  for (const std::int32_t length : lengths) {
    check(length >= 0, "sequence layout: lengths must not be negative, got ", length);
    layout.first_row.push_back(tokens);
    tokens += length;
    check(tokens <= std::numeric_limits<std::int32_t>::max(), "sequence layout: a batch must have less than 2^31 tokens, got ", tokens);
    layout.cu_seqlens.push_back(static_cast<std::int32_t>(tokens));
  }
  return layout;
}

SequenceLayout SequenceLayout::padded(std::int64_t batch, std::int64_t length, const Tensor& padding_mask) {
  check(padding_mask.shape() == Shape{batch, length}, "padding_mask: must have shape ", Shape{batch, length}, ", got ", padding_mask.shape());
  check(length <= std::numeric_limits<std::int32_t>::max(), "sequence layout: a sequence must have less than 2^31 tokens, got ", length);
  SequenceLayout layout = ragged(std::vector<std::int32_t>(static_cast<std::size_t>(batch), static_cast<std::int32_t>(length)));
  const std::span<const std::int32_t> mask = padding_mask.data<std::int32_t>();
  layout.is_key.resize(mask.size());
  std::ranges::transform(mask, layout.is_key.begin(), [](std::int32_t token) { return static_cast<std::uint8_t>(token != 0); });
  return layout;
}

std::int64_t SequenceLayout::max_length() const {
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < batch(); ++i) longest = std::max(longest, length(i));
  return longest;
}

SequenceLayout SequenceLayout::first_rows() const {
  for (std::int64_t i = 0; i < batch(); ++i) check(length(i) > 0, "first_rows: every sequence must have a token, got an empty one at ", i);
  SequenceLayout rows = ragged(std::vector<std::int32_t>(static_cast<std::size_t>(batch()), 1));
  rows.first_row = first_row;
  return rows;
}

}  // namespace linnet
