#include "framework/data/data_loader.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "framework/core/random.h"

namespace linnet {
namespace {

/// Fisher and Yates' shuffle, drawn from the seed, the epoch and the position alone.
std::vector<std::int64_t> shuffled(std::int64_t size, std::uint64_t seed, std::int64_t epoch) {
  constexpr std::uint32_t kPurpose = 0x64617461;  // keeps the draws apart from those of other parts under one seed
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  for (std::uint64_t i = order.size(); i > 1; --i) {
    const PhiloxBlock block =
        philox(seed, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), static_cast<std::uint32_t>(epoch), kPurpose);
    const std::uint64_t word = std::uint64_t{block.words[0]} << 32 | block.words[1];
    std::swap(order[i - 1], order[word % i]);  // the bias of % is below size / 2^64
  }
  return order;
}

}  // namespace

DataLoader::DataLoader(const Dataset& dataset, const Preprocessor& preprocessor, const Config& config)
    : dataset_(dataset), preprocessor_(preprocessor), config_(config) {
  check(config.batch_size > 0, "DataLoader: batch_size must be positive, got ", config.batch_size);
}

std::int64_t DataLoader::batches() const { return (dataset_.size() + config_.batch_size - 1) / config_.batch_size; }

Epoch DataLoader::epoch(std::int64_t number, std::int64_t first_batch) const {
  check(number >= 0, "DataLoader: the epoch's number must not be negative, got ", number);
  check(first_batch >= 0 && first_batch <= batches(), "DataLoader: first_batch must lie in [0, ", batches(), "], got ", first_batch);
  std::vector<std::int64_t> order;
  if (config_.shuffle) {
    order = shuffled(dataset_.size(), config_.seed, number);
  } else {
    order.resize(static_cast<std::size_t>(dataset_.size()));
    std::iota(order.begin(), order.end(), 0);
  }
  return Epoch(*this, std::move(order), first_batch, batches());
}

TextBatch DataLoader::batch(std::vector<std::int64_t> indices) const {
  std::vector<std::int32_t> token_ids, segment_ids, lengths, classes;
  std::vector<float> values;
  for (const std::int64_t index : indices) {
    const TextExample example = dataset_.at(index);
    const std::array<std::string_view, 2> segments{example.text, example.text_pair};
    const TokenizedText text = preprocessor_.preprocess({segments.data(), example.text_pair.empty() ? 1u : 2u});
    token_ids.insert(token_ids.end(), text.token_ids.begin(), text.token_ids.end());
    segment_ids.insert(segment_ids.end(), text.segment_ids.begin(), text.segment_ids.end());
    lengths.push_back(static_cast<std::int32_t>(text.token_ids.size()));
    if (config_.regression) values.push_back(static_cast<float>(example.label));
    else classes.push_back(static_cast<std::int32_t>(example.label));
  }
  TextBatch batch;
  const auto tokens = static_cast<std::int64_t>(token_ids.size()), size = static_cast<std::int64_t>(indices.size());
  batch.inputs = {Tensor::from(token_ids, {tokens}), Tensor::from(segment_ids, {tokens}), SequenceLayout::ragged(lengths)};
  batch.labels = config_.regression ? Tensor::from(values, {size}) : Tensor::from(classes, {size});
  batch.indices = std::move(indices);
  return batch;
}

Epoch::Iterator& Epoch::Iterator::operator++() {
  ++batch_;
  load();
  return *this;
}

void Epoch::Iterator::load() {
  if (batch_ >= epoch_->batches_) return;
  const std::int64_t size = epoch_->loader_->config_.batch_size;
  const auto begin = epoch_->order_.begin() + batch_ * size;
  const auto end = epoch_->order_.begin() + std::min<std::int64_t>((batch_ + 1) * size, static_cast<std::int64_t>(epoch_->order_.size()));
  current_ = epoch_->loader_->batch({begin, end});
}

}  // namespace linnet
