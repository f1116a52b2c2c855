#include "framework/core/half.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "framework/core/parallel.h"
#include "framework/core/tensor.h"

using namespace linnet;

namespace {

constexpr std::int64_t kValues = 0x10000;

/// Every 16-bit pattern.
std::vector<std::uint16_t> all_bits() {
  std::vector<std::uint16_t> bits;
  for (std::int64_t i = 0; i < kValues; ++i) bits.push_back(static_cast<std::uint16_t>(i));
  return bits;
}

/// What one bit pattern means, straight from the format's definition.
double meaning(DType dtype, std::uint16_t bits) {
  const int fraction_bits = dtype == DType::bfloat16 ? 7 : 10, bias = dtype == DType::bfloat16 ? 127 : 15;
  const int exponents = dtype == DType::bfloat16 ? 256 : 32;
  const int exponent = (bits & 0x7fff) >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
  double value = std::ldexp(exponent == 0 ? fraction : fraction + (1 << fraction_bits), std::max(exponent, 1) - bias - fraction_bits);
  if (exponent == exponents - 1) value = fraction == 0 ? HUGE_VAL : std::numeric_limits<double>::quiet_NaN();
  return bits & 0x8000 ? -value : value;
}

std::uint16_t infinity_of(DType dtype) { return dtype == DType::bfloat16 ? 0x7f80 : 0x7c00; }

std::vector<float> widened_values(DType dtype, const std::vector<std::uint16_t>& bits) {
  std::vector<float> values(bits.size());
  widen(dtype, bits.data(), static_cast<std::int64_t>(bits.size()), values.data());
  return values;
}

std::vector<std::uint16_t> narrowed(DType dtype, const std::vector<float>& values) {
  std::vector<std::uint16_t> bits(values.size());
  narrow(dtype, values.data(), static_cast<std::int64_t>(values.size()), bits.data());
  return bits;
}

std::uint16_t rounded(DType dtype, double value) { return dtype == DType::bfloat16 ? BFloat16(value).bits : Float16(value).bits; }

/// A float64 on the way to a 16-bit float, and the bits it must round to.
struct Rounding {
  double value;
  std::uint16_t bits;
};
/// Around the middle between each two neighbours, on it and next to it; beyond the largest that is infinity.
std::vector<Rounding> roundings(DType dtype) {
  std::vector<Rounding> cases;
  for (std::uint16_t low = 0; low < infinity_of(dtype); ++low) {
    const auto high = static_cast<std::uint16_t>(low + 1);
    const std::uint16_t even = low % 2 == 0 ? low : high;
    const double below = meaning(dtype, low), step = below - meaning(dtype, static_cast<std::uint16_t>(std::max(low - 1, 0)));
    const double above = high == infinity_of(dtype) ? below + step : meaning(dtype, high), middle = (below + above) / 2;
    for (const int sign : {0, 0x8000}) {
      const double factor = sign ? -1 : 1;
      const auto with = [&](double value, std::uint16_t bits) { cases.push_back({factor * value, static_cast<std::uint16_t>(bits | sign)}); };
      with(middle, even);
      with(std::nextafter(middle, 0), low);
      with(std::nextafter(middle, HUGE_VAL), high);
    }
  }
  return cases;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(half)

BOOST_AUTO_TEST_CASE(every_pattern_means_what_its_format_says) {
  const std::vector<std::uint16_t> bits = all_bits();
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    const std::vector<float> values = widened_values(dtype, bits);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const double expected = meaning(dtype, bits[i]), actual = double{values[i]};
      const bool same = std::isnan(expected) ? std::isnan(actual) : expected == actual && std::signbit(expected) == std::signbit(actual);
      const float one = dtype == DType::bfloat16 ? float_from_bfloat16(bits[i]) : float_from_float16(bits[i]);
      wrong += !same;
      // Of the loop and of one alone: also the bits of a NaN. bfloat16's is moved, not computed with.
      wrong += std::bit_cast<std::uint32_t>(one) != std::bit_cast<std::uint32_t>(values[i]);
    }
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(every_pattern_comes_back_and_nan_stays_nan) {
  const std::vector<std::uint16_t> bits = all_bits();
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    const std::vector<std::uint16_t> back = narrowed(dtype, widened_values(dtype, bits));
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < bits.size(); ++i)
      wrong += std::isnan(meaning(dtype, bits[i])) ? !std::isnan(meaning(dtype, back[i])) : back[i] != bits[i];
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(float64_rounds_once_to_the_nearest_and_ties_go_to_even) {
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    std::int64_t wrong = 0;
    for (const auto& [value, bits] : roundings(dtype)) wrong += rounded(dtype, value) != bits;
    BOOST_TEST(wrong == 0);
    BOOST_TEST(rounded(dtype, 1e300) == infinity_of(dtype));
    BOOST_TEST(rounded(dtype, -1e-300) == 0x8000);
    BOOST_TEST(std::isnan(meaning(dtype, rounded(dtype, std::numeric_limits<double>::quiet_NaN()))));
  }
}

BOOST_AUTO_TEST_CASE(float32_rounds_as_float64_does_in_loops_of_any_length) {
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    std::vector<float> values;
    std::vector<std::uint16_t> expected;
    for (const auto& [value, bits] : roundings(dtype)) {
      values.push_back(static_cast<float>(value));
      expected.push_back(rounded(dtype, double{values.back()}));
    }
    for (const float special : {std::numeric_limits<float>::infinity(), -0.0f, std::numeric_limits<float>::max(),
                                std::numeric_limits<float>::denorm_min(), std::bit_cast<float>(0x7f800001u), std::bit_cast<float>(0xffc01234u)}) {
      values.push_back(special);
      expected.push_back(rounded(dtype, double{special}));
      if (std::isnan(special)) expected.back() = dtype == DType::bfloat16 ? bfloat16_from_float(special) : float16_from_float(special);
    }
    BOOST_TEST((narrowed(dtype, values) == expected));
    for (std::size_t length = 0; length < 70; ++length) {
      const std::vector<float> some(values.end() - static_cast<std::ptrdiff_t>(length), values.end());
      BOOST_TEST((narrowed(dtype, some) == std::vector<std::uint16_t>(expected.end() - static_cast<std::ptrdiff_t>(length), expected.end())));
    }
  }
}

BOOST_AUTO_TEST_CASE(tensors_hold_cast_and_print_16_bit_floats) {
  const std::vector<double> values{0.5, -2, 3.140625};
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    const Tensor x = Tensor::from(values, {3}).cast(dtype);
    BOOST_TEST(x.to_vector() == values, boost::test_tools::per_element());
    for (const DType other : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
      BOOST_TEST(x.cast(other).dtype() == other);
      BOOST_TEST(x.cast(other).to_vector() == values, boost::test_tools::per_element());
    }
    BOOST_TEST(x.cast(DType::int32).to_vector() == (std::vector<double>{0, -2, 3}), boost::test_tools::per_element());
    BOOST_TEST(Tensor::full({1}, 1.0 / 3, dtype).item() == meaning(dtype, dtype == DType::bfloat16 ? 0x3eab : 0x3555));
    BOOST_TEST(Tensor::zeros({2}, dtype).to_vector() == (std::vector<double>{0, 0}), boost::test_tools::per_element());
  }
  const Tensor brain = Tensor::from<BFloat16>({BFloat16(1.0), BFloat16(-7.0)}, {2});
  BOOST_TEST(brain.dtype() == DType::bfloat16);
  BOOST_TEST(float{brain.data<BFloat16>()[1]} == -7);
}

BOOST_AUTO_TEST_SUITE_END()
