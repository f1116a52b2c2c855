#include "framework/text/masked_lm_mask_generator.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/throws.h"

using linnet::MaskedLMMaskGenerator;
using linnet::MaskedTokens;
using linnet::RandomStream;
using linnet::testing::says;
using Ids = std::vector<std::int32_t>;

namespace {

constexpr std::int32_t kMask = 3;
const RandomStream kStream{.seed = 42, .step = 1, .op = 2};

MaskedLMMaskGenerator::Config config_of(double rate) {
  MaskedLMMaskGenerator::Config config;
  config.vocabulary_size = 1000;
  config.mask_selection_rate = rate;
  config.mask_token_id = kMask;
  config.unselectable_token_ids = {0, 1, 2};
  return config;
}

/// Within four standard deviations of a binomial distribution.
bool is_likely(double count, double trials, double probability) {
  return std::abs(count - trials * probability) <= 4 * std::sqrt(trials * probability * (1 - probability));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(masked_lm_mask_generator)

BOOST_AUTO_TEST_CASE(rate_one_selects_every_token_that_is_selectable) {
  MaskedLMMaskGenerator::Config config = config_of(1);
  config.mask_token_rate = 1;
  config.random_token_rate = 0;
  const MaskedTokens masked = MaskedLMMaskGenerator(config).mask(Ids{1, 50, 60, 2, 70, 0}, kStream, 0);
  BOOST_TEST(masked.token_ids == (Ids{1, kMask, kMask, 2, kMask, 0}), boost::test_tools::per_element());
  BOOST_TEST(masked.mask_positions == (Ids{1, 2, 4}), boost::test_tools::per_element());
  BOOST_TEST(masked.mask_ids == (Ids{50, 60, 70}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rate_zero_selects_nothing) {
  const Ids ids{50, 60};
  const MaskedTokens masked = MaskedLMMaskGenerator(config_of(0)).mask(ids, kStream, 0);
  BOOST_TEST(masked.token_ids == ids, boost::test_tools::per_element());
  BOOST_TEST(masked.mask_positions.empty());
}

BOOST_AUTO_TEST_CASE(selection_and_replacement_have_their_rates) {
  const Ids ids(100'000, 500);
  const MaskedTokens masked = MaskedLMMaskGenerator(config_of(0.15)).mask(ids, kStream, 0);
  const auto selected = static_cast<double>(masked.mask_positions.size());
  BOOST_TEST(is_likely(selected, 1e5, 0.15));
  double hidden = 0, same = 0, low = 0;
  for (const std::int32_t p : masked.mask_positions) {
    const std::int32_t id = masked.token_ids[static_cast<std::size_t>(p)];
    BOOST_REQUIRE((id >= 0 && id < 1000));
    if (id == kMask) ++hidden;
    else if (id == 500) ++same;
    else if (id < 500) ++low;
  }
  BOOST_TEST(is_likely(hidden, selected, 0.8001));  // a random id may be the mask's or the same
  BOOST_TEST(is_likely(same, selected, 0.1001));
  BOOST_TEST(is_likely(low, selected - hidden - same, 0.5));
}

BOOST_AUTO_TEST_CASE(of_too_many_a_random_subset_stays_in_order) {
  MaskedLMMaskGenerator::Config config = config_of(1);
  config.mask_selection_length = 10;
  const MaskedLMMaskGenerator generator(config);
  const Ids ids(40, 500);
  std::vector<double> chosen(ids.size());
  for (std::int64_t row = 0; row < 2000; ++row) {
    const MaskedTokens masked = generator.mask(ids, kStream, row);
    BOOST_REQUIRE(masked.mask_positions.size() == 10u);
    for (std::size_t i = 0; i < 10; ++i) {
      if (i > 0) BOOST_REQUIRE(masked.mask_positions[i] > masked.mask_positions[i - 1]);
      ++chosen[static_cast<std::size_t>(masked.mask_positions[i])];
    }
  }
  for (const double count : chosen) BOOST_TEST(is_likely(count, 2000, 0.25));
  config.mask_selection_length = 0;
  BOOST_TEST(MaskedLMMaskGenerator(config).mask(ids, kStream, 0).mask_positions.empty());
}

BOOST_AUTO_TEST_CASE(the_mask_depends_on_stream_row_and_position_alone) {
  const MaskedLMMaskGenerator generator(config_of(0.5));
  const Ids ids(64, 500), padded = [] {
    Ids more(64, 500);
    more.resize(80, 0);
    return more;
  }();
  const auto positions = [&](const Ids& tokens, const RandomStream& stream, std::int64_t row) {
    return generator.mask(tokens, stream, row).mask_positions;
  };
  BOOST_TEST((positions(ids, kStream, 5) == positions(ids, kStream, 5)));
  BOOST_TEST((positions(padded, kStream, 5) == positions(ids, kStream, 5)));
  BOOST_TEST((positions(ids, kStream, 6) != positions(ids, kStream, 5)));
  BOOST_TEST((positions(ids, {.seed = 43, .step = 1, .op = 2}, 5) != positions(ids, kStream, 5)));
  BOOST_TEST((positions(ids, {.seed = 42, .step = 2, .op = 2}, 5) != positions(ids, kStream, 5)));
  BOOST_TEST((positions(ids, {.seed = 42, .step = 1, .op = 3}, 5) != positions(ids, kStream, 5)));
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_throw) {
  const auto refuses = [](auto&& change, const char* message) {
    MaskedLMMaskGenerator::Config config = config_of(0.15);
    change(config);
    BOOST_CHECK_EXCEPTION(MaskedLMMaskGenerator{config}, std::invalid_argument, says(message));
  };
  refuses([](auto& c) { c.mask_token_id = 1000; }, "MaskedLMMaskGenerator: mask_token_id must be in [0, 1000), got 1000");
  refuses([](auto& c) { c.mask_token_id = -1; }, "MaskedLMMaskGenerator: mask_token_id must be in [0, 1000), got -1");
  refuses([](auto& c) { c.vocabulary_size = std::int64_t{1} << 32; }, "MaskedLMMaskGenerator: vocabulary_size must fit into int32, got 4294967296");
  refuses([](auto& c) { c.mask_selection_rate = 1.5; }, "MaskedLMMaskGenerator: mask_selection_rate must be in [0, 1], got 1.5");
  refuses([](auto& c) { c.mask_token_rate = -1; }, "MaskedLMMaskGenerator: mask_token_rate must be in [0, 1], got -1");
  refuses([](auto& c) { c.random_token_rate = std::nan(""); }, "MaskedLMMaskGenerator: random_token_rate must be in [0, 1], got nan");
  refuses([](auto& c) { c.random_token_rate = 0.5; }, "MaskedLMMaskGenerator: mask_token_rate + random_token_rate must be in [0, 1], got 1.3");
  refuses([](auto& c) { c.mask_selection_length = -2; }, "MaskedLMMaskGenerator: mask_selection_length must be at least 0, got -2");
  BOOST_CHECK_EXCEPTION(MaskedLMMaskGenerator(config_of(1)).mask(Ids{5}, kStream, -1), std::invalid_argument,
                        says("MaskedLMMaskGenerator: row must be in [0, 2^32), got -1"));
}

BOOST_AUTO_TEST_SUITE_END()
