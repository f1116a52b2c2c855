#pragma once

#include <cstdint>
#include <iterator>
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
  /// Makes a batch when it reaches it.
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = TextBatch;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(const Epoch* epoch) : epoch_(epoch), batch_(epoch->first_batch_) { load(); }
    const TextBatch& operator*() const { return current_; }
    const TextBatch* operator->() const { return &current_; }
    /// Makes the next batch.
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return batch_ >= epoch_->batches_; }

   private:
    void load();
    const Epoch* epoch_;
    std::int64_t batch_;
    TextBatch current_;
  };
  Iterator begin() const { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend class DataLoader;
  Epoch(const DataLoader& loader, std::vector<std::int64_t> order, std::int64_t first_batch, std::int64_t batches)
      : loader_(&loader), order_(std::move(order)), first_batch_(first_batch), batches_(batches) {}

  const DataLoader* loader_;
  std::vector<std::int64_t> order_;
  std::int64_t first_batch_, batches_;
};

/// Cuts a dataset into batches of packed tokens. The dataset and the preprocessor must outlive it.
class DataLoader {
 public:
  struct Config {
    std::int64_t batch_size = 32;  ///< examples; the last batch of an epoch may have fewer
    bool shuffle = false;
    std::uint64_t seed = 0;
    bool regression = false;  ///< labels are float32 values, not class numbers
  };
  /// Throws std::invalid_argument unless batch_size is positive.
  DataLoader(const Dataset& dataset, const Preprocessor& preprocessor, const Config& config);

  /// Examples in an epoch.
  std::int64_t size() const { return dataset_.size(); }
  /// Batches in an epoch.
  std::int64_t batches() const;
  /// The batches of one epoch from `first_batch` on; the order depends on seed and epoch number alone, so resuming is trivial.
  /// Throws std::invalid_argument unless 0 <= first_batch <= batches() and number is not negative.
  Epoch epoch(std::int64_t number, std::int64_t first_batch = 0) const;
  /// The examples of these numbers as one batch.
  TextBatch batch(std::vector<std::int64_t> indices) const;

 private:
  friend class Epoch::Iterator;
  const Dataset& dataset_;
  const Preprocessor& preprocessor_;
  Config config_;
};

}  // namespace linnet
