#include "framework/data/data_loader.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "framework/core/parallel.h"
#include "framework/core/profile.h"
#include "framework/core/random.h"
#include "framework/data/prefetcher.h"

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
  check(config.tokens_per_batch >= 0, "DataLoader: tokens_per_batch must not be negative, got ", config.tokens_per_batch);
  check(config.prefetch >= 0, "DataLoader: prefetch must not be negative, got ", config.prefetch);
  if (config.tokens_per_batch == 0) return;
  const ProfileScope profiled("measure lengths");
  constexpr std::int64_t kCost = 4096;  // of an example, for parallel_rows
  lengths_.resize(static_cast<std::size_t>(dataset.size()));
  parallel_rows(dataset.size(), kCost, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      lengths_[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(preprocess(dataset.at(i)).token_ids.size());
  });
}

std::vector<std::int64_t> DataLoader::order(std::int64_t epoch) const {
  if (config_.shuffle) return shuffled(dataset_.size(), config_.seed, epoch);
  std::vector<std::int64_t> order(static_cast<std::size_t>(dataset_.size()));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// Where batches of examples in this order begin, and the end of the last one.
std::vector<std::int64_t> DataLoader::bounds(const std::vector<std::int64_t>& order) const {
  std::vector<std::int64_t> bounds{0};
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(order.size()); ++i) {
    const std::int64_t length = lengths_.empty() ? 0 : lengths_[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
    const bool full = i - bounds.back() == config_.batch_size || (config_.tokens_per_batch > 0 && tokens + length > config_.tokens_per_batch);
    if (full && i > bounds.back()) {
      bounds.push_back(i);
      tokens = 0;
    }
    tokens += length;
  }
  if (!order.empty()) bounds.push_back(static_cast<std::int64_t>(order.size()));
  return bounds;
}

std::int64_t DataLoader::batches(std::int64_t epoch) const {
  if (config_.tokens_per_batch == 0) return (dataset_.size() + config_.batch_size - 1) / config_.batch_size;
  return static_cast<std::int64_t>(bounds(order(epoch)).size()) - 1;
}

std::int64_t DataLoader::batches_before(std::int64_t epoch) const {
  if (lengths_.empty() || !config_.shuffle) return epoch * batches();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < epoch; ++i) count += batches(i);
  return count;
}

Epoch DataLoader::epoch(std::int64_t number, std::int64_t first_batch) const {
  check(number >= 0, "DataLoader: the epoch's number must not be negative, got ", number);
  std::vector<std::int64_t> examples = order(number), starts = bounds(examples);
  const auto count = static_cast<std::int64_t>(starts.size()) - 1;
  check(first_batch >= 0 && first_batch <= count, "DataLoader: first_batch must lie in [0, ", count, "], got ", first_batch);
  return Epoch(*this, std::move(examples), std::move(starts), first_batch);
}

TokenizedText DataLoader::preprocess(const TextExample& example) const {
  const std::array<std::string_view, 2> segments{example.text, example.text_pair};
  return preprocessor_.preprocess({segments.data(), example.text_pair.empty() ? 1u : 2u});
}

DataLoader::Tokenized DataLoader::tokenize(std::vector<std::int64_t> indices) const {
  const ProfileScope profiled("preprocess");
  Tokenized batch;
  for (const std::int64_t index : indices) {
    const TextExample example = dataset_.at(index);
    const TokenizedText text = preprocess(example);
    batch.token_ids.insert(batch.token_ids.end(), text.token_ids.begin(), text.token_ids.end());
    batch.segment_ids.insert(batch.segment_ids.end(), text.segment_ids.begin(), text.segment_ids.end());
    batch.lengths.push_back(static_cast<std::int32_t>(text.token_ids.size()));
    if (config_.regression) batch.values.push_back(static_cast<float>(example.label));
    else batch.classes.push_back(static_cast<std::int32_t>(example.label));
  }
  batch.indices = std::move(indices);
  return batch;
}

TextBatch DataLoader::pack(Tokenized&& batch) const {
  const auto tokens = static_cast<std::int64_t>(batch.token_ids.size()), size = static_cast<std::int64_t>(batch.indices.size());
  return {{Tensor::from(batch.token_ids, {tokens}), Tensor::from(batch.segment_ids, {tokens}), SequenceLayout::ragged(batch.lengths)},
          config_.regression ? Tensor::from(batch.values, {size}) : Tensor::from(batch.classes, {size}),
          std::move(batch.indices)};
}

TextBatch DataLoader::batch(std::vector<std::int64_t> indices) const { return pack(tokenize(std::move(indices))); }

std::vector<std::int64_t> Epoch::indices(std::int64_t batch) const {
  const auto at = [&](std::int64_t i) { return order_.begin() + bounds_[static_cast<std::size_t>(i)]; };
  return {at(batch), at(batch + 1)};
}

/// Made ahead without tensors: how many the pool hands out at a time would depend on how fast the other thread is.
class Epoch::Iterator::Ahead : public Prefetcher<DataLoader::Tokenized> {
 public:
  using Prefetcher::Prefetcher;
};

Epoch::Iterator::Iterator(const Epoch* epoch) : epoch_(epoch), batch_(epoch->first_batch_) {
  const std::int64_t ahead = epoch->loader_->config_.prefetch;
  if (ahead > 0 && epoch->batches() - batch_ > 1 && num_threads() > 1)
    ahead_ =
        std::make_shared<Ahead>(batch_, epoch->batches(), ahead, [epoch](std::int64_t i) { return epoch->loader_->tokenize(epoch->indices(i)); });
  load();
}

Epoch::Iterator& Epoch::Iterator::operator++() {
  ++batch_;
  load();
  return *this;
}

void Epoch::Iterator::load() {
  if (batch_ >= epoch_->batches()) return;
  const DataLoader& loader = *epoch_->loader_;
  current_ = loader.pack(ahead_ ? ahead_->next() : loader.tokenize(epoch_->indices(batch_)));
}

}  // namespace linnet
