#include "framework/data/data_loader.h"

#include <boost/test/unit_test.hpp>
#include <set>

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
  const DataLoader loader(data, letters, {.batch_size = 2});
  BOOST_CHECK_EXCEPTION(loader.epoch(-1), std::invalid_argument, says("the epoch's number must not be negative, got -1"));
  BOOST_CHECK_EXCEPTION(loader.epoch(0, 3), std::invalid_argument, says("first_batch must lie in [0, 2], got 3"));
  BOOST_CHECK_EXCEPTION(loader.batch({3}), std::invalid_argument, says("index must lie in [0, 3), got 3"));
}

BOOST_AUTO_TEST_SUITE_END()
