#include "framework/core/random.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/dropout.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(counted_random)

// The known answers that come with the authors' own implementation, Random123.
BOOST_AUTO_TEST_CASE(philox_gives_the_published_answers) {
  const auto words = [](const PhiloxBlock& block) { return std::vector<std::uint32_t>(block.words, block.words + 4); };
  BOOST_TEST(words(philox(0, 0, 0, 0, 0)) == (std::vector<std::uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}),
             boost::test_tools::per_element());
  BOOST_TEST(words(philox(~0ull, ~0u, ~0u, ~0u, ~0u)) == (std::vector<std::uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}),
             boost::test_tools::per_element());
  BOOST_TEST(words(philox(0x299f31d0a4093822ull, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)) ==
                 (std::vector<std::uint32_t>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(uniform_numbers_fill_the_unit_interval_evenly) {
  const Tensor x = random_uniform({100000}, DType::float32, {1, 2, 3});
  double sum = 0, squares = 0;
  for (const float value : x.data<float>()) {
    BOOST_TEST_REQUIRE(value >= 0);
    BOOST_TEST_REQUIRE(value < 1);
    sum += value;
    squares += value * value;
  }
  BOOST_TEST(std::abs(sum / 1e5 - 0.5) < 4 * std::sqrt(1.0 / 12 / 1e5));
  BOOST_TEST(std::abs(squares / 1e5 - 1.0 / 3) < 4 * std::sqrt(4.0 / 45 / 1e5));
}

BOOST_AUTO_TEST_CASE(normal_numbers_have_their_moments_and_truncated_ones_their_limits) {
  double sum = 0, squares = 0;
  for (const double value : random_normal({100000}, DType::float64, {1, 2, 3}).data<double>()) {
    sum += value;
    squares += value * value;
  }
  BOOST_TEST(std::abs(sum / 1e5) < 4 / std::sqrt(1e5));
  BOOST_TEST(std::abs(squares / 1e5 - 1) < 4 * std::sqrt(2 / 1e5));
  squares = 0;
  for (const double value : random_truncated_normal({100000}, DType::float64, {1, 2, 3}).data<double>()) {
    BOOST_TEST_REQUIRE(std::abs(value) <= 2);
    squares += value * value;
  }
  BOOST_TEST(std::abs(squares / 1e5 - 0.773741) < 0.01);  // variance of a standard normal cut at +-2
}

BOOST_AUTO_TEST_CASE(dropout_keeps_its_share_on_ten_million_draws) {
  const double rate = 0.1, draws = 1e7;
  set_seed(5);
  Tape tape;
  Tensor x = Tensor::full({10000, 1000}, 1);
  x.set_requires_grad(true);
  double kept = 0;
  for (const float value : ops::dropout(x, rate).data<float>()) {
    kept += value != 0;
    BOOST_TEST_REQUIRE((value == 0 || std::abs(value - 1 / 0.9) < 1e-6));
  }
  BOOST_TEST(std::abs(kept / draws - (1 - rate)) < 4 * std::sqrt(rate * (1 - rate) / draws));
}

BOOST_AUTO_TEST_CASE(dropout_is_the_identity_without_a_tape_and_when_the_tape_says_so) {
  Tensor x = random_normal({7, 9}, DType::float32, {1, 1, 1});
  x.set_requires_grad(true);
  BOOST_TEST((ops::dropout(x, 0.5).to_vector() == x.to_vector()));
  const Tape tape({.dropout = false});
  BOOST_TEST((ops::dropout(x, 0.5).to_vector() == x.to_vector()));
}

BOOST_AUTO_TEST_CASE(a_mask_depends_on_seed_step_and_op_and_on_no_thread_count) {
  Tensor x = Tensor::full({300, 200}, 1);
  x.set_requires_grad(true);
  const auto masks = [&](std::uint64_t seed, int threads) {
    set_num_threads(threads);
    set_seed(seed);
    std::vector<std::vector<double>> result;
    for (int step = 0; step < 2; ++step) {
      const Tape tape;
      result.push_back(ops::dropout(x, 0.3).to_vector());
      result.push_back(ops::dropout(x, 0.3).to_vector());
      advance_random_step();
    }
    return result;
  };
  const auto one = masks(1, 1), two = masks(1, 2), four = masks(1, 4), other = masks(2, 1);
  set_num_threads(2);
  for (std::size_t i = 0; i < 4; ++i) {
    BOOST_TEST((one[i] == two[i]));
    BOOST_TEST((one[i] == four[i]));
    BOOST_TEST((one[i] != other[i]));
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST((one[i] != one[j]));
  }
}

BOOST_AUTO_TEST_SUITE_END()
