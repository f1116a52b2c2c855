#include "framework/text/multi_segment_packer.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "tests/support/throws.h"

using linnet::MultiSegmentPacker;
using linnet::TokenizedText;
using linnet::testing::says;
using Ids = std::vector<std::int32_t>;

namespace {

MultiSegmentPacker::Config config_of(std::int64_t sequence_length, const char* truncate = "round_robin") {
  MultiSegmentPacker::Config config;
  config.sequence_length = sequence_length;
  config.start_value = {101};
  config.end_value = {102};
  config.truncate = truncate;
  return config;
}

void check_packed(const TokenizedText& text, const Ids& token_ids, const Ids& segment_ids) {
  BOOST_TEST(text.token_ids == token_ids, boost::test_tools::per_element());
  BOOST_TEST(text.segment_ids == segment_ids, boost::test_tools::per_element());
}

const std::vector<Ids> kPair{{1, 2, 3, 4}, {11, 12, 13, 14}};

}  // namespace

BOOST_AUTO_TEST_SUITE(multi_segment_packer)

// The examples of keras_hub.layers.MultiSegmentPacker.
BOOST_AUTO_TEST_CASE(round_robin_takes_one_token_of_each_segment_in_turn) {
  check_packed(MultiSegmentPacker(config_of(8)).pack(kPair), {101, 1, 2, 3, 102, 11, 12, 102}, {0, 0, 0, 0, 0, 1, 1, 1});
  const std::vector<Ids> three{{1, 2, 3}, {11, 12, 13}, {21, 22, 23}};
  check_packed(MultiSegmentPacker(config_of(8)).pack(three), {101, 1, 2, 102, 11, 102, 21, 102}, {0, 0, 0, 0, 1, 1, 2, 2});
}

BOOST_AUTO_TEST_CASE(waterfall_fills_from_the_first_segment_on) {
  check_packed(MultiSegmentPacker(config_of(8, "waterfall")).pack(kPair), {101, 1, 2, 3, 4, 102, 11, 102}, {0, 0, 0, 0, 0, 0, 1, 1});
}

BOOST_AUTO_TEST_CASE(round_robin_keeps_the_tokens_of_lowest_priority) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    const auto count = static_cast<std::int64_t>(1 + random() % 4), budget = static_cast<std::int64_t>(random() % 20);
    std::vector<Ids> segments(static_cast<std::size_t>(count));
    std::vector<std::pair<std::int64_t, std::size_t>> priorities;  // of token k in segment s: k * count + s
    for (std::size_t s = 0; s < segments.size(); ++s) {
      segments[s].assign(random() % 9, static_cast<std::int32_t>(s));
      for (std::size_t k = 0; k < segments[s].size(); ++k)
        priorities.emplace_back(static_cast<std::int64_t>(k) * count + static_cast<std::int64_t>(s), s);
    }
    std::sort(priorities.begin(), priorities.end());
    priorities.resize(std::min(priorities.size(), static_cast<std::size_t>(budget)));
    MultiSegmentPacker::Config config;
    config.sequence_length = std::max<std::int64_t>(budget, 1);
    const TokenizedText text = MultiSegmentPacker(config).pack(segments);
    if (budget == 0) continue;
    Ids expected;
    for (const auto& priority : priorities) expected.push_back(static_cast<std::int32_t>(priority.second));
    std::sort(expected.begin(), expected.end());
    BOOST_TEST(text.token_ids == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(values_can_be_lists_and_the_separator_its_own) {
  MultiSegmentPacker::Config config = config_of(8);
  config.sep_value = {102, 102};
  check_packed(MultiSegmentPacker(config).pack(kPair), {101, 1, 2, 102, 102, 11, 12, 102}, {0, 0, 0, 0, 0, 1, 1, 1});
  config.start_value = {7, 8};
  config.end_value = {};
  check_packed(MultiSegmentPacker(config).pack(kPair), {7, 8, 1, 2, 102, 102, 11, 12}, {0, 0, 0, 0, 0, 0, 1, 1});
}

BOOST_AUTO_TEST_CASE(call_options_replace_the_length_and_leave_out_values) {
  const MultiSegmentPacker packer(config_of(8));
  check_packed(packer.pack(kPair, {.sequence_length = 5}), {101, 1, 102, 11, 102}, {0, 0, 0, 1, 1});
  check_packed(packer.pack(kPair, {.sequence_length = 5, .add_start_value = false}), {1, 2, 102, 11, 102}, {0, 0, 0, 1, 1});
  check_packed(packer.pack(kPair, {.sequence_length = 5, .add_end_value = false}), {101, 1, 2, 102, 11}, {0, 0, 0, 0, 1});
}

BOOST_AUTO_TEST_CASE(special_values_are_never_cut) {
  check_packed(MultiSegmentPacker(config_of(1)).pack(kPair), {101, 102, 102}, {0, 0, 1});
  check_packed(MultiSegmentPacker(config_of(1, "waterfall")).pack(kPair), {101, 102, 102}, {0, 0, 1});
  const std::vector<Ids> empty{{}};
  check_packed(MultiSegmentPacker(config_of(5)).pack(empty), {101, 102}, {0, 0});
}

BOOST_AUTO_TEST_CASE(padding_goes_to_either_side) {
  MultiSegmentPacker::Config config = config_of(8);
  const TokenizedText text{{101, 5, 102}, {0, 0, 1}};
  check_packed(MultiSegmentPacker(config).pad(text, 5), {101, 5, 102, 0, 0}, {0, 0, 1, 0, 0});
  config.pad_value = 9;
  config.padding_side = "left";
  check_packed(MultiSegmentPacker(config).pad(text, 5), {9, 9, 101, 5, 102}, {0, 0, 0, 0, 1});
  BOOST_CHECK_EXCEPTION(MultiSegmentPacker(config).pad(text, 2), std::invalid_argument,
                        says("MultiSegmentPacker: the padded length must be at least the text's, got 2 and 3"));
}

BOOST_AUTO_TEST_CASE(options_that_do_not_exist_throw) {
  BOOST_CHECK_EXCEPTION(MultiSegmentPacker(config_of(8, "tail")), std::invalid_argument,
                        says("MultiSegmentPacker: truncate must be round_robin or waterfall, got tail"));
  BOOST_CHECK_EXCEPTION(MultiSegmentPacker(config_of(0)), std::invalid_argument,
                        says("MultiSegmentPacker: sequence_length must be at least 1, got 0"));
  MultiSegmentPacker::Config config = config_of(8);
  config.padding_side = "top";
  BOOST_CHECK_EXCEPTION(MultiSegmentPacker{config}, std::invalid_argument, says("MultiSegmentPacker: padding_side must be right or left, got top"));
  const MultiSegmentPacker packer(config_of(8));
  BOOST_CHECK_EXCEPTION(packer.pack({}), std::invalid_argument, says("MultiSegmentPacker: there must be at least one segment, got 0"));
  BOOST_CHECK_EXCEPTION(packer.pack(kPair, {.sequence_length = -1}), std::invalid_argument,
                        says("MultiSegmentPacker: sequence_length must be at least 1, got -1"));
}

BOOST_AUTO_TEST_SUITE_END()
