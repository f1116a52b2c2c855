#include "models/bert/bert_masked_lm_preprocessor.h"

#include <utility>

#include "framework/core/error.h"

namespace linnet {

namespace {

MaskedLMMaskGenerator::Config masker_config(const BertTokenizer& tokenizer, const BertMaskedLMPreprocessor::Config& config) {
  MaskedLMMaskGenerator::Config result;
  result.vocabulary_size = tokenizer.vocabulary_size();
  result.mask_selection_rate = config.mask_selection_rate;
  result.mask_token_id = tokenizer.mask_token_id();
  result.mask_selection_length = config.mask_selection_length;
  result.unselectable_token_ids = tokenizer.special_token_ids();
  result.mask_token_rate = config.mask_token_rate;
  result.random_token_rate = config.random_token_rate;
  return result;
}

}  // namespace

void BertMaskedLMPreprocessor::Config::fields(FieldVisitor& field) {
  field("sequence_length", sequence_length, "tokens per example at most, special tokens included");
  field("truncate", truncate, "round_robin or waterfall");
  field("mask_selection_rate", mask_selection_rate, "probability that a token is selected");
  field("mask_selection_length", mask_selection_length, "selected tokens per example at most");
  field("mask_token_rate", mask_token_rate, "probability that a selected token becomes [MASK]");
  field("random_token_rate", random_token_rate, "probability that a selected token becomes a random one");
}

BertMaskedLMPreprocessor::BertMaskedLMPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config)
    : config_(config),
      packing_(std::move(tokenizer), {config.sequence_length, config.truncate}),
      masker_(masker_config(packing_.tokenizer(), config)) {}

MaskedText BertMaskedLMPreprocessor::preprocess(std::span<const std::string_view> segments, const RandomStream& stream, std::int64_t row) const {
  TokenizedText text = packing_.preprocess(segments);
  MaskedTokens masked = masker_.mask(text.token_ids, stream, row);
  return {std::move(masked.token_ids), std::move(text.segment_ids), std::move(masked.mask_positions), std::move(masked.mask_ids)};
}

PackedMaskedTokens BertMaskedLMPreprocessor::mask(const PackedTokens& tokens, std::span<const std::int64_t> rows, const RandomStream& stream) const {
  const SequenceLayout& layout = tokens.layout;
  check(static_cast<std::int64_t>(rows.size()) == layout.batch(), "BertMaskedLMPreprocessor: rows must have one element a sequence (", layout.batch(),
        "), got ", rows.size());
  const std::span<const std::int32_t> ids = tokens.token_ids.data<std::int32_t>();
  std::vector<std::int32_t> masked_ids, mask_rows, mask_ids;
  for (std::int64_t i = 0; i < layout.batch(); ++i) {
    const MaskedTokens masked = masker_.mask(ids.subspan(static_cast<std::size_t>(layout.begin(i)), static_cast<std::size_t>(layout.length(i))),
                                             stream, rows[static_cast<std::size_t>(i)]);
    masked_ids.insert(masked_ids.end(), masked.token_ids.begin(), masked.token_ids.end());
    mask_ids.insert(mask_ids.end(), masked.mask_ids.begin(), masked.mask_ids.end());
    for (const std::int32_t position : masked.mask_positions) mask_rows.push_back(static_cast<std::int32_t>(layout.begin(i)) + position);
  }
  const auto selected = static_cast<std::int64_t>(mask_ids.size());
  return {{Tensor::from(masked_ids, tokens.token_ids.shape()), tokens.segment_ids, layout},
          Tensor::from(mask_rows, {selected}),
          Tensor::from(mask_ids, {selected})};
}

PaddedMaskedTokens BertMaskedLMPreprocessor::preprocess_batch(std::span<const std::vector<std::string>> examples, const RandomStream& stream,
                                                              std::int64_t first_row) const {
  const auto slots = static_cast<std::size_t>(config_.mask_selection_length);
  std::vector<TokenizedText> before, after;
  std::vector<std::int32_t> positions, ids;
  std::vector<float> weights;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::vector<std::string_view> views(examples[i].begin(), examples[i].end());
    before.push_back(packing_.preprocess(views));
    const MaskedTokens masked = masker_.mask(before[i].token_ids, stream, first_row + static_cast<std::int64_t>(i));
    after.push_back({masked.token_ids, before[i].segment_ids});
    positions.insert(positions.end(), masked.mask_positions.begin(), masked.mask_positions.end());
    ids.insert(ids.end(), masked.mask_ids.begin(), masked.mask_ids.end());
    weights.insert(weights.end(), masked.mask_ids.size(), 1.0f);
    positions.resize((i + 1) * slots, 0);
    ids.resize((i + 1) * slots, 0);
    weights.resize((i + 1) * slots, 0.0f);
  }
  const Shape shape{static_cast<std::int64_t>(examples.size()), config_.mask_selection_length};
  PaddedTokens tokens = packing_.stack(after);
  // A random replacement may be [PAD]: what counts as padding is decided before masking.
  tokens.padding_mask = packing_.stack(before).padding_mask;
  return {std::move(tokens), Tensor::from(positions, shape), Tensor::from(ids, shape), Tensor::from(weights, shape)};
}

}  // namespace linnet
