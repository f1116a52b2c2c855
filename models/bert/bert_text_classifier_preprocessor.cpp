#include "models/bert/bert_text_classifier_preprocessor.h"

#include <algorithm>
#include <utility>

#include "framework/core/error.h"

namespace linnet {

namespace {

MultiSegmentPacker::Config packer_config(const BertTokenizer* tokenizer, const BertTextClassifierPreprocessor::Config& config) {
  check(tokenizer != nullptr, "BertTextClassifierPreprocessor: there must be a tokenizer, got none");
  MultiSegmentPacker::Config result;
  result.sequence_length = config.sequence_length;
  result.start_value = {tokenizer->start_token_id()};
  result.end_value = {tokenizer->end_token_id()};
  result.pad_value = tokenizer->pad_token_id();
  result.truncate = config.truncate;
  return result;
}

}  // namespace

void BertTextClassifierPreprocessor::Config::fields(FieldVisitor& field) {
  field("sequence_length", sequence_length, "tokens per example at most, special tokens included");
  field("truncate", truncate, "round_robin or waterfall");
}

BertTextClassifierPreprocessor::BertTextClassifierPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config)
    : config_(config), tokenizer_(std::move(tokenizer)), packer_(packer_config(tokenizer_.get(), config)) {}

TokenizedText BertTextClassifierPreprocessor::preprocess(std::span<const std::string_view> segments) const {
  std::vector<std::vector<std::int32_t>> ids;
  for (const std::string_view segment : segments) ids.push_back(tokenizer_->tokenize(segment));
  return packer_.pack(ids);
}

PaddedTokens BertTextClassifierPreprocessor::preprocess_batch(std::span<const std::vector<std::string>> examples) const {
  std::vector<TokenizedText> texts;
  for (const std::vector<std::string>& segments : examples) {
    const std::vector<std::string_view> views(segments.begin(), segments.end());
    texts.push_back(preprocess(views));
  }
  return stack(texts);
}

PaddedTokens BertTextClassifierPreprocessor::stack(std::span<const TokenizedText> texts) const {
  // Special tokens are never cut, so a sequence can be above sequence_length.
  std::int64_t length = config_.sequence_length;
  for (const TokenizedText& text : texts) length = std::max(length, static_cast<std::int64_t>(text.token_ids.size()));
  std::vector<std::int32_t> token_ids, segment_ids, padding_mask;
  for (const TokenizedText& text : texts) {
    const TokenizedText padded = packer_.pad(text, length);
    token_ids.insert(token_ids.end(), padded.token_ids.begin(), padded.token_ids.end());
    segment_ids.insert(segment_ids.end(), padded.segment_ids.begin(), padded.segment_ids.end());
  }
  for (const std::int32_t id : token_ids) padding_mask.push_back(id != tokenizer_->pad_token_id() ? 1 : 0);
  const Shape shape{static_cast<std::int64_t>(texts.size()), length};
  return {Tensor::from(token_ids, shape), Tensor::from(segment_ids, shape), Tensor::from(padding_mask, shape)};
}

}  // namespace linnet
