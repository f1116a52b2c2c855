#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include "framework/data/dataset.h"
#include "framework/data/packed_tokens.h"
#include "framework/data/preprocessor.h"

namespace linnet {

/// Some examples ready for a model.
struct TextBatch {
  PackedTokens inputs;
  Tensor labels;                      ///< (batch) int32 class numbers, or float32 values for regression
  std::vector<std::int64_t> indices;  ///< (batch): the examples' numbers in the dataset
};

class DataLoader;

/// A single pass over a loader's batches, from some batch on; for a range-for.
class Epoch {
 public:
  /// Has a batch made when it reaches it, or before: see DataLoader::Config::prefetch.
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = TextBatch;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(const Epoch* epoch);
    const TextBatch& operator*() const { return current_; }
    const TextBatch* operator->() const { return &current_; }
    /// Goes on to the next batch. Throws what its dataset or preprocessor throw.
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return batch_ >= epoch_->batches(); }

   private:
    class Ahead;
    void load();
    const Epoch* epoch_;
    std::int64_t batch_;
    TextBatch current_;
    std::shared_ptr<Ahead> ahead_;  ///< null: batches are made here
  };
  Iterator begin() const { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }
  /// In the whole epoch, those before the first included.
  std::int64_t batches() const { return static_cast<std::int64_t>(bounds_.size()) - 1; }

 private:
  friend class DataLoader;
  Epoch(const DataLoader& loader, std::vector<std::int64_t> order, std::vector<std::int64_t> bounds, std::int64_t first_batch)
      : loader_(&loader), order_(std::move(order)), bounds_(std::move(bounds)), first_batch_(first_batch) {}
  std::vector<std::int64_t> indices(std::int64_t batch) const;

  const DataLoader* loader_;
  std::vector<std::int64_t> order_, bounds_;  ///< batch i is order_[bounds_[i] … bounds_[i + 1] - 1]
  std::int64_t first_batch_;
};

/// Cuts a dataset into batches of packed tokens. The dataset and the preprocessor must outlive it.
class DataLoader {
 public:
  struct Config {
    std::int64_t batch_size = 32;  ///< examples; the last batch of an epoch may have fewer
    bool shuffle = false;
    std::uint64_t seed = 0;
    bool regression = false;  ///< labels are float32 values, not class numbers
    /// A batch ends before the example that would make it longer than this, so that it has one at least; 0: batch_size alone counts.
    std::int64_t tokens_per_batch = 0;
    /// Batches that another thread makes while the ones before are used, if more than one thread may be used at all; 0: none. It
    /// changes neither batches nor their order. Dataset and preprocessor are then called on that thread.
    std::int64_t prefetch = 2;
  };
  /// Throws std::invalid_argument unless batch_size is positive and the others are not negative. With tokens_per_batch all
  /// examples are preprocessed once, to know their lengths.
  DataLoader(const Dataset& dataset, const Preprocessor& preprocessor, const Config& config);

  /// Examples in an epoch.
  std::int64_t size() const { return dataset_.size(); }
  /// Batches in an epoch. They are as many in all unless there are tokens_per_batch and the order is shuffled.
  std::int64_t batches(std::int64_t epoch = 0) const;
  /// Batches in all epochs before this one: the steps of so many epochs.
  std::int64_t batches_before(std::int64_t epoch) const;
  /// The batches of one epoch from `first_batch` on; the order depends on seed and epoch number alone, so resuming is trivial.
  /// Throws std::invalid_argument unless 0 <= first_batch <= batches(number) and number is not negative.
  Epoch epoch(std::int64_t number, std::int64_t first_batch = 0) const;
  /// The examples of these numbers as one batch.
  TextBatch batch(std::vector<std::int64_t> indices) const;

 private:
  friend class Epoch::Iterator;
  /// A batch before it has tensors.
  struct Tokenized {
    std::vector<std::int32_t> token_ids = {}, segment_ids = {}, lengths = {}, classes = {};
    std::vector<float> values = {};
    std::vector<std::int64_t> indices = {};
  };
  Tokenized tokenize(std::vector<std::int64_t> indices) const;
  TextBatch pack(Tokenized&& batch) const;
  TokenizedText preprocess(const TextExample& example) const;
  std::vector<std::int64_t> order(std::int64_t epoch) const;
  std::vector<std::int64_t> bounds(const std::vector<std::int64_t>& order) const;

  const Dataset& dataset_;
  const Preprocessor& preprocessor_;
  Config config_;
  std::vector<std::int32_t> lengths_;  ///< of each example in tokens; empty without tokens_per_batch
};

}  // namespace linnet
