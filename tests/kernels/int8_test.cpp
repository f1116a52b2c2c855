#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "framework/kernels/table.h"

using namespace linnet::kernels;

namespace {

struct Sizes {
  std::int64_t rows, columns, depth;
};
std::ostream& operator<<(std::ostream& out, const Sizes& sizes) { return out << sizes.rows << " x " << sizes.columns << " x " << sizes.depth; }

/// Around every edge of tiles, vectors, panels and groups.
const std::vector<Sizes> kSizes{{1, 1, 1},   {1, 33, 2},    {3, 8, 3},    {12, 32, 64},   {13, 31, 5}, {25, 65, 127},
                                {7, 64, 66}, {30, 17, 129}, {11, 1, 500}, {2, 100, 3072}, {0, 4, 4},   {5, 0, 4}};

/// Those of every instruction set that this CPU can run.
template <class T>
std::vector<Int8Kernels<T>> int8_variants() {
  std::vector<Int8Kernels<T>> variants;
  for (const std::string_view isa : isa_names()) variants.push_back(table<T>(isa).int8);
  return variants;
}

template <class T>
std::vector<T> random_values(std::int64_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<T> normal;
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = normal(random);
  return values;
}

std::vector<std::int8_t> random_bytes(std::int64_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::int8_t> values(static_cast<std::size_t>(count));
  for (std::int8_t& value : values) value = static_cast<std::int8_t>(static_cast<int>(random() % 256) - 128);  // -128 too
  return values;
}

/// y of the kernel, for x (rows, depth) and b (depth, columns).
template <class T>
std::vector<T> product(const Int8Kernels<T>& kernel, const std::vector<T>& x, const std::vector<std::int8_t>& b, const std::vector<T>& column_factors,
                       const Sizes& size, bool transposed) {
  const std::int64_t panels = (size.columns + kernel.panel - 1) / kernel.panel, ldy = size.columns + 3;
  std::vector<char> q(static_cast<std::size_t>(size.rows * kernel.row_bytes(size.depth))),
      packed(static_cast<std::size_t>(panels * kernel.panel_bytes(size.depth)));
  std::vector<T> factors(static_cast<std::size_t>(size.rows)), y(static_cast<std::size_t>(size.rows * ldy), T(-7));
  kernel.quantize(x.data(), size.rows, size.depth, q.data(), factors.data());
  if (transposed) kernel.pack(b.data(), 1, size.depth, size.depth, size.columns, packed.data());
  else kernel.pack(b.data(), size.columns, 1, size.depth, size.columns, packed.data());
  kernel.multiply(q.data(), packed.data(), size.rows, size.columns, size.depth, factors.data(), column_factors.data(), y.data(), ldy);
  return y;
}

/// The same in plain loops, by the contract: Keras' abs_max_quantize, sums in int64.
template <class T>
std::vector<T> plain_product(const std::vector<T>& x, const std::vector<std::int8_t>& b, const std::vector<T>& column_factors, const Sizes& size,
                             bool transposed) {
  std::vector<T> y(static_cast<std::size_t>(size.rows * (size.columns + 3)), T(-7));
  for (std::int64_t r = 0; r < size.rows; ++r) {
    const T* row = x.data() + r * size.depth;
    T top = 0;
    for (std::int64_t k = 0; k < size.depth; ++k) top = std::max(top, std::abs(row[k]));
    const volatile T scale = T(127) / (top + T(1e-7));
    for (std::int64_t c = 0; c < size.columns; ++c) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < size.depth; ++k) {
        const volatile T scaled = row[k] * scale;
        const auto q = static_cast<std::int64_t>(std::clamp(std::nearbyint(scaled), T(-127), T(127)));
        sum += q * b[static_cast<std::size_t>(transposed ? c * size.depth + k : k * size.columns + c)];
      }
      const volatile T factor = T(1) / scale * column_factors[static_cast<std::size_t>(c)];
      y[static_cast<std::size_t>(r * (size.columns + 3) + c)] = static_cast<T>(sum) * factor;
    }
  }
  return y;
}

template <class T>
void check_every_variant() {
  for (const Sizes& size : kSizes)
    for (const bool transposed : {false, true}) {
      const auto x = random_values<T>(size.rows * size.depth, 1), factors = random_values<T>(size.columns, 2);
      const auto b = random_bytes(size.depth * size.columns, 3);
      const std::vector<T> expected = plain_product(x, b, factors, size, transposed);
      for (const Int8Kernels<T>& kernel : int8_variants<T>()) {
        const std::vector<T> y = product(kernel, x, b, factors, size, transposed);
        BOOST_TEST((y.empty() || std::memcmp(y.data(), expected.data(), y.size() * sizeof(T)) == 0),
                   kernel.name << " differs at " << size << (transposed ? " transposed" : ""));
      }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(int8)

BOOST_AUTO_TEST_CASE(every_variant_gives_the_bits_of_plain_loops) {
  check_every_variant<float>();
  check_every_variant<double>();
}

BOOST_AUTO_TEST_CASE(the_largest_sums_are_exact) {
  // Every product has the largest magnitude and one sign: 8-bit products with saturation would show here.
  const Sizes size{13, 40, 4096};
  const std::vector<std::int8_t> b(static_cast<std::size_t>(size.depth * size.columns), std::int8_t{-128});
  for (const float value : {1.0f, -1.0f}) {
    const std::vector<float> x(static_cast<std::size_t>(size.rows * size.depth), value), factors(static_cast<std::size_t>(size.columns), 1);
    for (const Int8Kernels<float>& kernel : int8_variants<float>()) {
      const std::vector<float> y = product(kernel, x, b, factors, size, false);
      BOOST_TEST((y == plain_product(x, b, factors, size, false)), kernel.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(halves_round_to_even) {
  // 127 / (127 - 1e-7 + 1e-7) = 1: the values themselves are rounded.
  const std::vector<double> x{127 - 1e-7, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.0}, expected{127, 0, 2, 2, 0, -2, -2, 0};
  const auto depth = static_cast<std::int64_t>(x.size());
  std::vector<std::int8_t> identity(x.size() * x.size(), 0);
  for (std::size_t i = 0; i < x.size(); ++i) identity[i * x.size() + i] = 1;
  for (const Int8Kernels<double>& kernel : int8_variants<double>()) {
    std::vector<double> y = product(kernel, x, identity, std::vector<double>(x.size(), 1), {1, depth, depth}, false);
    y.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(std::nearbyint(y[i]) == expected[i], kernel.name << " rounds " << x[i] << " to " << y[i]);
  }
}

BOOST_AUTO_TEST_CASE(a_row_that_is_not_finite_is_not_a_number_and_zeros_stay_zeros) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> x(3 * 20, 0.0f);
    x[25] = bad;
    for (const Int8Kernels<float>& kernel : int8_variants<float>()) {
      const std::vector<float> y = product(kernel, x, random_bytes(20 * 5, 4), std::vector<float>(5, 1.0f), {3, 5, 20}, false);
      for (std::size_t c = 0; c < 5; ++c) {
        BOOST_TEST(y[c] == 0.0f);
        BOOST_TEST(std::isnan(y[8 + c]));
        BOOST_TEST(y[16 + c] == 0.0f);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_table_has_the_best_variant_of_its_instruction_set) {
  for (const std::string_view isa : isa_names()) {
    const std::string_view expected = isa == "avx512_bf16" ? "avx512_vnni" : isa;  // bfloat16 products are another file's
    BOOST_TEST(table<float>(isa).int8.name == expected);
    BOOST_TEST(table<double>(isa).int8.name == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()
