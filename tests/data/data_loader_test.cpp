#include "framework/data/data_loader.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "framework/core/parallel.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

/// A token a letter, a segment id a segment.
class Letters : public Preprocessor {
 public:
  TokenizedText preprocess(std::span<const std::string_view> segments) const override {
    TokenizedText text;
    for (std::size_t i = 0; i < segments.size(); ++i)
      for (const char letter : segments[i]) {
        text.token_ids.push_back(letter);
        text.segment_ids.push_back(static_cast<std::int32_t>(i));
      }
    return text;
  }
  PaddedTokens preprocess_batch(std::span<const std::vector<std::string>>) const override { return {}; }
};

/// Letters that refuses one text.
class Picky : public Letters {
 public:
  explicit Picky(std::string refused) : refused_(std::move(refused)) {}
  TokenizedText preprocess(std::span<const std::string_view> segments) const override {
    check(segments[0] != refused_, "Picky: the text must be another, got ", segments[0]);
    return Letters::preprocess(segments);
  }

 private:
  std::string refused_;
};

TextDataset numbered(int size) {
  std::vector<TextExample> examples;
  for (int i = 0; i < size; ++i)
    examples.push_back({std::string(static_cast<std::size_t>(i % 5 + 1), static_cast<char>('a' + i)), "", static_cast<double>(i)});
  return TextDataset(std::move(examples));
}

std::vector<std::int64_t> order(const DataLoader& loader, std::int64_t epoch, std::int64_t first_batch = 0) {
  std::vector<std::int64_t> indices;
  for (const TextBatch& batch : loader.epoch(epoch, first_batch)) indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  return indices;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data_loader)

BOOST_AUTO_TEST_CASE(batches_are_packed_without_padding) {
  const TextDataset data({{"ab", "c", 1}, {"d", "", 0}});
  const Letters letters;
  const TextBatch batch = DataLoader(data, letters, {.batch_size = 2}).batch({1, 0});
  BOOST_TEST(batch.inputs.token_ids.to_vector() == (std::vector<double>{'d', 'a', 'b', 'c'}), boost::test_tools::per_element());
  BOOST_TEST(batch.inputs.segment_ids.to_vector() == (std::vector<double>{0, 0, 0, 1}), boost::test_tools::per_element());
  BOOST_TEST(batch.inputs.layout.cu_seqlens == (std::vector<std::int32_t>{0, 1, 4}), boost::test_tools::per_element());
  BOOST_TEST(batch.labels.to_vector() == (std::vector<double>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(batch.inputs.layout.is_key.empty());
}

BOOST_AUTO_TEST_CASE(an_epoch_has_every_example_once_and_a_smaller_last_batch) {
  const TextDataset data = numbered(23);
  const Letters letters;
  for (const bool shuffle : {false, true}) {
    const DataLoader loader(data, letters, {.batch_size = 5, .shuffle = shuffle});
    BOOST_TEST(loader.batches() == 5);
    const std::vector<std::int64_t> seen = order(loader, 0);
    BOOST_TEST(seen.size() == 23u);
    BOOST_TEST(std::set<std::int64_t>(seen.begin(), seen.end()).size() == 23u);
    BOOST_TEST(std::is_sorted(seen.begin(), seen.end()) == !shuffle);
  }
}

BOOST_AUTO_TEST_CASE(the_order_depends_on_seed_and_epoch_alone_so_that_an_epoch_can_be_entered_anywhere) {
  const TextDataset data = numbered(23);
  const Letters letters;
  const DataLoader one(data, letters, {.batch_size = 5, .shuffle = true, .seed = 1}),
      same(data, letters, {.batch_size = 5, .shuffle = true, .seed = 1}), other(data, letters, {.batch_size = 5, .shuffle = true, .seed = 2});
  const std::vector<std::int64_t> whole = order(one, 3);
  BOOST_TEST(whole == order(same, 3), boost::test_tools::per_element());
  BOOST_TEST((whole != order(one, 4)));
  BOOST_TEST((whole != order(other, 3)));
  BOOST_TEST((std::vector<std::int64_t>(whole.begin() + 10, whole.end()) == order(one, 3, 2)));
  BOOST_TEST(order(one, 3, 5).empty());
}

BOOST_AUTO_TEST_CASE(batches_made_ahead_are_the_same_in_the_same_order) {
  set_num_threads(2);
  const TextDataset data = numbered(23);
  const Letters letters;
  const DataLoader ahead(data, letters, {.batch_size = 2, .shuffle = true, .prefetch = 3}),
      plain(data, letters, {.batch_size = 2, .shuffle = true, .prefetch = 0});
  for (const std::int64_t first : {0, 5, 11, 12}) {
    std::vector<TextBatch> expected;
    for (const TextBatch& batch : plain.epoch(1, first)) expected.push_back(batch);
    std::size_t at = 0;
    for (const TextBatch& batch : ahead.epoch(1, first)) {
      BOOST_TEST_REQUIRE(at < expected.size());
      BOOST_TEST(batch.indices == expected[at].indices, boost::test_tools::per_element());
      BOOST_TEST(batch.inputs.token_ids.to_vector() == expected[at].inputs.token_ids.to_vector(), boost::test_tools::per_element());
      BOOST_TEST(batch.labels.to_vector() == expected[at].labels.to_vector(), boost::test_tools::per_element());
      ++at;
    }
    BOOST_TEST(at == expected.size());
  }
}

BOOST_AUTO_TEST_CASE(what_an_example_throws_comes_in_its_batchs_place) {
  set_num_threads(2);
  const TextDataset data = numbered(20);
  const Picky picky(data.at(9).text);
  for (const std::int64_t prefetch : {0, 1, 4}) {
    const DataLoader loader(data, picky, {.batch_size = 2, .prefetch = prefetch});
    std::int64_t seen = 0;
    const auto all = [&] {
      for (const TextBatch& batch : loader.epoch(0)) seen += static_cast<std::int64_t>(batch.indices.size());
    };
    BOOST_CHECK_EXCEPTION(all(), std::invalid_argument, says("Picky: the text must be another, got jjjjj"));
    BOOST_TEST(seen == 8);  // four whole batches
  }
}

BOOST_AUTO_TEST_CASE(an_epoch_may_be_left_while_batches_are_made) {
  set_num_threads(2);
  const TextDataset data = numbered(23);
  const Letters letters;
  const DataLoader loader(data, letters, {.batch_size = 1, .prefetch = 4});
  for (int i = 0; i < 100; ++i)
    for (const TextBatch& batch : loader.epoch(0))
      if (batch.indices[0] == i % 23) break;
}

BOOST_AUTO_TEST_CASE(a_budget_of_tokens_ends_batches_and_an_example_above_it_stands_alone) {
  const TextDataset data = numbered(10);  // of 1, 2, 3, 4, 5, 1, 2, 3, 4 and 5 tokens
  const Letters letters;
  const auto sizes = [&](const DataLoader::Config& config) {
    const DataLoader loader(data, letters, config);
    std::vector<std::size_t> result;
    for (const TextBatch& batch : loader.epoch(0)) result.push_back(batch.indices.size());
    BOOST_TEST(loader.batches() == static_cast<std::int64_t>(result.size()));
    return result;
  };
  BOOST_TEST(sizes({.batch_size = 100, .tokens_per_batch = 6}) == (std::vector<std::size_t>{3, 1, 2, 2, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(sizes({.batch_size = 2, .tokens_per_batch = 6}) == (std::vector<std::size_t>{2, 1, 1, 2, 2, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(sizes({.batch_size = 100, .tokens_per_batch = 4}) == (std::vector<std::size_t>{2, 1, 1, 1, 2, 1, 1, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(sizes({.batch_size = 100, .tokens_per_batch = 100}) == (std::vector<std::size_t>{10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shuffled_batches_of_a_token_budget_have_every_example_once_and_can_be_entered_anywhere) {
  const TextDataset data = numbered(23);
  const Letters letters;
  const DataLoader loader(data, letters, {.batch_size = 100, .shuffle = true, .tokens_per_batch = 9});
  std::int64_t all = 0;
  for (const std::int64_t epoch : {0, 1, 2}) {
    std::vector<std::int64_t> seen;
    std::ptrdiff_t middle = 0;  // examples in the first two batches
    std::int64_t batches = 0;
    for (const TextBatch& batch : loader.epoch(epoch)) {
      BOOST_TEST(batch.inputs.layout.tokens() <= 9);
      seen.insert(seen.end(), batch.indices.begin(), batch.indices.end());
      if (++batches == 2) middle = static_cast<std::ptrdiff_t>(seen.size());
    }
    BOOST_TEST(order(loader, epoch, 2) == std::vector<std::int64_t>(seen.begin() + middle, seen.end()), boost::test_tools::per_element());
    BOOST_TEST(batches == loader.batches(epoch));
    BOOST_TEST(loader.batches_before(epoch) == all);
    all += batches;
    BOOST_TEST(std::set<std::int64_t>(seen.begin(), seen.end()).size() == 23u);
  }
}

BOOST_AUTO_TEST_CASE(regression_labels_are_values) {
  const TextDataset data({{"a", "", 2.5}});
  const Letters letters;
  const TextBatch batch = DataLoader(data, letters, {.regression = true}).batch({0});
  BOOST_TEST((batch.labels.dtype() == DType::float32));
  BOOST_TEST(batch.labels.item() == 2.5);
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
  const TextDataset data = numbered(3);
  const Letters letters;
  BOOST_CHECK_EXCEPTION(DataLoader(data, letters, {.batch_size = 0}), std::invalid_argument, says("DataLoader: batch_size must be positive, got 0"));
  BOOST_CHECK_EXCEPTION(DataLoader(data, letters, {.tokens_per_batch = -1}), std::invalid_argument,
                        says("DataLoader: tokens_per_batch must not be negative, got -1"));
  BOOST_CHECK_EXCEPTION(DataLoader(data, letters, {.prefetch = -1}), std::invalid_argument,
                        says("DataLoader: prefetch must not be negative, got -1"));
  const DataLoader loader(data, letters, {.batch_size = 2});
  BOOST_CHECK_EXCEPTION(loader.epoch(-1), std::invalid_argument, says("the epoch's number must not be negative, got -1"));
  BOOST_CHECK_EXCEPTION(loader.epoch(0, 3), std::invalid_argument, says("first_batch must lie in [0, 2], got 3"));
  BOOST_CHECK_EXCEPTION(loader.batch({3}), std::invalid_argument, says("index must lie in [0, 3), got 3"));
}

BOOST_AUTO_TEST_SUITE_END()
