#include "framework/kernels/bfloat16_product.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "framework/core/half.h"
#include "framework/kernels/table.h"
#include "tests/support/near.h"

using namespace linnet;
using namespace linnet::kernels;

namespace {

using Size = std::int64_t;
constexpr std::uint16_t kNaN = 0x7fc0;

struct Variant {
  std::string_view isa;
  const BFloat16ProductKernels& kernel;
};
/// Every one that this CPU can run.
std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const std::string_view isa : isa_names()) all.push_back({isa, table<float>(isa).bfloat16_product});
  return all;
}

/// A matrix as long as its last row needs, so that a sanitizer sees what is read beyond; between the rows is no number.
struct Operand {
  bool transposed;
  Size ld;
  std::vector<std::uint16_t> bits;

  Operand(Size rows, Size columns, bool transposed_, Size gap, std::mt19937& random)
      : transposed(transposed_), ld((transposed ? rows : columns) + gap) {
    if (transposed) std::swap(rows, columns);
    std::uniform_real_distribution<float> values(-1, 1);
    bits.assign(static_cast<std::size_t>((rows - 1) * ld + columns), kNaN);
    for (Size i = 0; i < rows; ++i)
      for (Size j = 0; j < columns; ++j) bits[static_cast<std::size_t>(i * ld + j)] = bfloat16_from_float(values(random));
  }
  std::uint16_t& at(Size i, Size j) { return bits[static_cast<std::size_t>(transposed ? j * ld + i : i * ld + j)]; }
  double value(Size i, Size j) const { return double{float_from_bfloat16(bits[static_cast<std::size_t>(transposed ? j * ld + i : i * ld + j)])}; }
  ProductOperand<std::uint16_t> from(Size i, Size j) const { return {bits.data() + (transposed ? j * ld + i : i * ld + j), ld, transposed}; }
};

struct Problem {
  Size m, n, k;
  bool transpose_a = false, transpose_b = false;
  Size gap = 0;
  bool add = false;
};
std::ostream& operator<<(std::ostream& out, const Problem& p) {
  return out << "(" << p.m << ", " << p.n << "), k " << p.k << ", transposed " << p.transpose_a << p.transpose_b << ", gap " << p.gap << ", add "
             << p.add;
}

struct Operands {
  Problem size;
  std::mt19937 random{static_cast<unsigned>(size.m * 1000003 + size.n * 1009 + size.k)};
  Operand a{size.m, size.k, size.transpose_a, size.gap, random}, b{size.k, size.n, size.transpose_b, size.gap, random};
};

constexpr float kBefore = 0.75f;

/// C in rows of `ld` elements.
std::vector<float> run(const BFloat16ProductKernels& kernel, const Operands& of, Size rows, Size columns, Size& ld) {
  const Problem& size = of.size;
  const Size panels = (size.n + kernel.panel - 1) / kernel.panel;
  ld = panels * kernel.panel;
  std::vector<std::uint16_t> packed(static_cast<std::size_t>(panels * kernel.panel_elements(size.k)), kNaN);
  kernel.pack(of.b.from(0, 0), size.k, size.n, packed.data());
  std::vector<float> c(static_cast<std::size_t>(size.m * ld), kBefore);
  std::vector<char> memory(static_cast<std::size_t>(kernel.workspace + 64));
  void* workspace = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64;
  for (Size i = 0; i < size.m; i += rows)
    for (Size j = 0; j < size.n; j += columns)
      kernel.multiply({std::min(rows, size.m - i), std::min(columns, size.n - j), size.k, of.a.from(i, 0),
                       packed.data() + j / kernel.panel * kernel.panel_elements(size.k), c.data() + i * ld + j, ld, size.add},
                      workspace);
  return c;
}

Size wrong(const Operands& of, const std::vector<float>& c, Size ld) {
  const testing::Tolerance tolerance = testing::rounding(DType::float32, of.size.k);
  Size count = 0;
  for (Size i = 0; i < of.size.m; ++i)
    for (Size j = 0; j < of.size.n; ++j) {
      double sum = of.size.add ? double{kBefore} : 0.0;
      for (Size p = 0; p < of.size.k; ++p) sum += of.a.value(i, p) * of.b.value(p, j);
      const double got = double{c[static_cast<std::size_t>(i * ld + j)]};
      count += !(std::abs(got - sum) <= tolerance.absolute + tolerance.relative * std::abs(sum));
    }
  return count;
}

void check_against_loops(const Problem& size) {
  const Operands of{size};
  for (const Variant& variant : variants()) {
    Size ld = 0;
    const std::vector<float> c = run(variant.kernel, of, size.m, size.n, ld);
    BOOST_TEST(wrong(of, c, ld) == 0, variant.kernel.name << " is wrong at " << size);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bfloat16_product)

BOOST_AUTO_TEST_CASE(every_variant_agrees_with_plain_loops) {
  // Around the extents of tiles, panels and pairs; 513, 1100 and 2049 are more than one part of k.
  const Size extents[] = {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 15, 16, 17, 31, 32, 33, 49, 65, 100};
  std::mt19937 random(7);
  const auto pick = [&] { return extents[random() % std::size(extents)]; };
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      for (const Size m : extents) check_against_loops({.m = m, .n = pick(), .k = pick(), .transpose_a = ta, .transpose_b = tb});
      for (const Size n : extents)
        check_against_loops({.m = pick(), .n = n, .k = pick(), .transpose_a = ta, .transpose_b = tb, .gap = 3, .add = true});
      for (const Size k : extents) check_against_loops({.m = pick(), .n = pick(), .k = k, .transpose_a = ta, .transpose_b = tb, .gap = 1});
      for (const Size k : {513, 1100, 2049})
        check_against_loops({.m = 30, .n = 140, .k = k, .transpose_a = ta, .transpose_b = tb, .gap = 5, .add = k == 1100});
    }
}

BOOST_AUTO_TEST_CASE(no_number_in_a_row_or_column_reaches_all_of_it_and_nothing_else) {
  for (const bool ta : {false, true}) {
    Operands of{{.m = 20, .n = 37, .k = 21, .transpose_a = ta}};
    of.a.at(2, 20) = kNaN;
    of.b.at(5, 36) = 0x7f80;  // infinity
    for (const Variant& variant : variants()) {
      Size ld = 0, bad = 0;
      const std::vector<float> c = run(variant.kernel, of, 20, 37, ld);
      for (Size i = 0; i < 20; ++i)
        for (Size j = 0; j < 37; ++j) bad += std::isfinite(c[static_cast<std::size_t>(i * ld + j)]) != (i != 2 && j != 36);
      BOOST_TEST(bad == 0, variant.kernel.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_element_is_bitwise_the_same_in_every_tile) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const Operands of{{.m = 40, .n = 150, .k = 1101, .transpose_a = ta, .transpose_b = tb, .gap = 4, .add = true}};
      for (const Variant& variant : variants()) {
        Size ld = 0;
        const std::vector<float> whole = run(variant.kernel, of, 40, 150, ld);
        for (const Size rows : {1, 2, 5, 9, 30})
          for (const Size panels : {1, 3}) {
            const std::vector<float> pieces = run(variant.kernel, of, rows, panels * variant.kernel.panel, ld);
            Size differ = 0;
            for (Size i = 0; i < 40; ++i)
              differ += std::memcmp(&pieces[static_cast<std::size_t>(i * ld)], &whole[static_cast<std::size_t>(i * ld)], 150 * sizeof(float)) != 0;
            BOOST_TEST(differ == 0, variant.kernel.name << ": tiles of " << rows << " rows and " << panels << " panels change the result");
          }
      }
    }
}

BOOST_AUTO_TEST_CASE(the_table_has_the_best_variant_of_its_instruction_set) {
  for (const Variant& variant : variants()) {
    const std::string_view expected = variant.isa == "avx512_vnni" ? "avx512" : variant.isa;  // VNNI is for int8 alone
    BOOST_TEST(variant.kernel.name == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()
