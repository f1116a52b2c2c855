#include "framework/kernels/gemm.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "framework/core/error.h"
#include "framework/kernels/gemm_native.h"
#include "framework/kernels/gemm_onednn.h"
#include "framework/kernels/gemm_openblas.h"
#include "framework/kernels/table.h"
#include "tests/support/near.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::kernels;
using linnet::testing::rounding;
using linnet::testing::says;

namespace {

using Size = std::int64_t;

/// Every variant of our own products that this CPU can run.
std::vector<const GemmBackend*> own_backends() {
  std::vector<const GemmBackend*> backends;
  for (const std::string_view isa : isa_names()) backends.push_back(&native_backend(isa));
  return backends;
}
std::vector<const GemmBackend*> every_backend() {
  std::vector<const GemmBackend*> backends = own_backends();
  backends.push_back(&openblas_backend());
  if (has_onednn()) backends.push_back(&onednn_backend());
  return backends;
}

template <class T>
constexpr DType dtype_of = sizeof(T) == 4 ? DType::float32 : DType::float64;

/// A product on memory of its own. Each operand is exactly as long as its last row needs, so that a sanitizer sees any
/// element touched beyond; what lies between the rows is no number, so that a sum would show it.
template <class T>
struct Problem {
  Size m, n, k;
  Transpose transpose_a = Transpose::no, transpose_b = Transpose::no;
  Size gap = 0;  ///< how much longer than its rows each leading dimension is
  T alpha = 1, beta = 0;
  std::vector<T> a = {}, b = {}, c = {};

  static Size rows(Transpose transpose, Size plain, Size other) { return transpose == Transpose::yes ? other : plain; }
  Size lda() const { return rows(transpose_a, k, m) + gap; }
  Size ldb() const { return rows(transpose_b, n, k) + gap; }
  Size ldc() const { return n + gap; }

  static std::vector<T> filled(Size rows, Size columns, Size ld, std::mt19937& random) {
    std::uniform_real_distribution<T> values(-1, 1);
    if (rows == 0 || columns == 0) return {};
    std::vector<T> data(static_cast<std::size_t>((rows - 1) * ld + columns), std::numeric_limits<T>::quiet_NaN());
    for (Size i = 0; i < rows; ++i)
      for (Size j = 0; j < columns; ++j) data[static_cast<std::size_t>(i * ld + j)] = values(random);
    return data;
  }
  void fill() {
    std::mt19937 random(static_cast<unsigned>(m * 1000003 + n * 1009 + k));
    a = filled(rows(transpose_a, m, k), rows(transpose_a, k, m), lda(), random);
    b = filled(rows(transpose_b, k, n), rows(transpose_b, n, k), ldb(), random);
    c = filled(m, n, ldc(), random);
  }
  Gemm job(std::vector<T>& result) const {
    return {.m = m,
            .n = n,
            .k = k,
            .a = {a.data(), std::max<Size>(lda(), 1), transpose_a},
            .b = {b.data(), std::max<Size>(ldb(), 1), transpose_b},
            .c = result.data(),
            .ldc = std::max<Size>(ldc(), 1),
            .dtype = dtype_of<T>,
            .alpha = double{alpha},
            .beta = double{beta}};
  }
  std::vector<T> run(const GemmBackend& backend) const {
    std::vector<T> result = c;
    backend.gemm(job(result));
    return result;
  }
  double reference(Size i, Size j) const {
    double sum = 0;
    for (Size p = 0; p < k; ++p) {
      const Size at_a = transpose_a == Transpose::yes ? p * lda() + i : i * lda() + p,
                 at_b = transpose_b == Transpose::yes ? j * ldb() + p : p * ldb() + j;
      sum += double{a[static_cast<std::size_t>(at_a)]} * double{b[static_cast<std::size_t>(at_b)]};
    }
    return double{alpha} * sum + (beta == 0 ? 0.0 : double{beta} * double{c[static_cast<std::size_t>(i * ldc() + j)]});
  }
};

/// The number of elements that differ from the plain loops by more than rounding, or that were written between the rows.
template <class T>
Size wrong(const Problem<T>& problem, const std::vector<T>& result) {
  const testing::Tolerance tolerance = rounding(dtype_of<T>, problem.k);
  Size count = 0;
  for (Size i = 0; i < problem.m; ++i)
    for (Size j = 0; j < problem.ldc() && i * problem.ldc() + j < static_cast<Size>(result.size()); ++j) {
      const double got = double{result[static_cast<std::size_t>(i * problem.ldc() + j)]};
      if (j >= problem.n) {
        count += !std::isnan(got);
        continue;
      }
      const double wanted = problem.reference(i, j);
      count += !(std::abs(got - wanted) <= tolerance.absolute + tolerance.relative * std::abs(wanted));
    }
  return count;
}

template <class T>
void check_against_loops(const GemmBackend& backend, Problem<T> problem) {
  problem.fill();
  const Size bad = wrong(problem, problem.run(backend));
  BOOST_TEST(bad == 0, backend.name() << " " << backend.core_name() << " " << dtype_of<T> << ": " << bad << " wrong of (" << problem.m << ", "
                                      << problem.n << "), k " << problem.k << ", transposed " << (problem.transpose_a == Transpose::yes)
                                      << (problem.transpose_b == Transpose::yes) << ", gap " << problem.gap << ", alpha " << problem.alpha
                                      << ", beta " << problem.beta);
}

template <class T>
void check_shapes(const GemmBackend& backend) {
  // Around the extents of tiles and panels in every variant; 49 rows and more are packed; 513 is more than one part of k.
  const Size extents[] = {1, 2, 3, 5, 6, 7, 12, 13, 15, 16, 17, 31, 33, 49, 64, 100};
  std::mt19937 random(7);
  const auto pick = [&] { return extents[random() % std::size(extents)]; };
  for (const Transpose ta : {Transpose::no, Transpose::yes})
    for (const Transpose tb : {Transpose::no, Transpose::yes}) {
      for (const Size m : extents) check_against_loops<T>(backend, {.m = m, .n = pick(), .k = pick(), .transpose_a = ta, .transpose_b = tb});
      for (const Size n : extents)
        check_against_loops<T>(backend,
                               {.m = pick(), .n = n, .k = pick(), .transpose_a = ta, .transpose_b = tb, .gap = 3, .alpha = T(0.5), .beta = 1});
      for (const Size k : extents)
        check_against_loops<T>(backend,
                               {.m = pick(), .n = pick(), .k = k, .transpose_a = ta, .transpose_b = tb, .gap = 1, .alpha = -2, .beta = T(0.25)});
      for (const Size m : {1, 4, 14, 60})
        check_against_loops<T>(backend, {.m = m, .n = 140, .k = 513, .transpose_a = ta, .transpose_b = tb, .gap = 5, .beta = T(m % 3)});
      check_against_loops<T>(backend, {.m = 50, .n = 600, .k = 1030, .transpose_a = ta, .transpose_b = tb});
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gemm)

BOOST_AUTO_TEST_CASE(every_backend_agrees_with_plain_loops) {
  for (const GemmBackend* backend : every_backend()) {
    check_shapes<float>(*backend);
    check_shapes<double>(*backend);
  }
}

BOOST_AUTO_TEST_CASE(without_an_inner_extent_the_result_is_beta_c) {
  for (const GemmBackend* backend : every_backend())
    for (const float beta : {0.0f, 1.0f, 0.5f}) {
      check_against_loops<float>(*backend, {.m = 5, .n = 7, .k = 0, .gap = 2, .beta = beta});
      check_against_loops<double>(*backend, {.m = 0, .n = 7, .k = 3, .beta = double{beta}});
      check_against_loops<double>(*backend, {.m = 5, .n = 0, .k = 3, .beta = double{beta}});
    }
}

BOOST_AUTO_TEST_CASE(a_beta_of_zero_clears_what_is_no_number) {
  for (const GemmBackend* backend : every_backend())
    for (const Size m : {3, 70}) {
      Problem<float> problem{.m = m, .n = 37, .k = 20};
      problem.fill();
      problem.c.assign(problem.c.size(), std::numeric_limits<float>::quiet_NaN());
      BOOST_TEST(wrong(problem, problem.run(*backend)) == 0, backend->name() << " " << backend->core_name());
    }
}

BOOST_AUTO_TEST_CASE(no_number_in_a_row_or_column_reaches_all_of_it_and_nothing_else) {
  for (const GemmBackend* backend : every_backend())
    for (const Size m : {4, 70}) {
      Problem<float> problem{.m = m, .n = 37, .k = 20};
      problem.fill();
      problem.a[2 * 20 + 19] = std::numeric_limits<float>::quiet_NaN();
      problem.b[5 * 37 + 36] = std::numeric_limits<float>::infinity();
      const std::vector<float> result = problem.run(*backend);
      Size bad = 0;
      for (Size i = 0; i < m; ++i)
        for (Size j = 0; j < 37; ++j) bad += std::isfinite(result[static_cast<std::size_t>(i * 37 + j)]) != (i != 2 && j != 36);
      BOOST_TEST(bad == 0, backend->name() << " " << backend->core_name());
    }
}

BOOST_AUTO_TEST_CASE(an_element_is_bitwise_the_same_in_every_tile) {
  for (const GemmBackend* backend : own_backends())
    for (const Transpose ta : {Transpose::no, Transpose::yes})
      for (const Transpose tb : {Transpose::no, Transpose::yes}) {
        Problem<float> problem{.m = 77, .n = 150, .k = 1100, .transpose_a = ta, .transpose_b = tb, .gap = 4, .alpha = 0.7f, .beta = 0.3f};
        problem.fill();
        const std::vector<float> whole = problem.run(*backend);
        for (const Size rows : {1, 2, 5, 9, 30, 77})
          for (const Size columns : {1, 16, 50, 129, 150}) {
            std::vector<float> pieces = problem.c;
            for (Size i = 0; i < problem.m; i += rows)
              for (Size j = 0; j < problem.n; j += columns) {
                Gemm piece = problem.job(pieces);
                piece.m = std::min(rows, problem.m - i);
                piece.n = std::min(columns, problem.n - j);
                piece.a.data = problem.a.data() + (ta == Transpose::yes ? i : i * problem.lda());
                piece.b.data = problem.b.data() + (tb == Transpose::yes ? j * problem.ldb() : j);
                piece.c = pieces.data() + i * problem.ldc() + j;
                backend->gemm(piece);
              }
            BOOST_TEST(std::memcmp(pieces.data(), whole.data(), whole.size() * sizeof(float)) == 0,
                       backend->core_name() << ": tiles of (" << rows << ", " << columns << ") change the result");
          }
      }
}

BOOST_AUTO_TEST_CASE(tiles_give_work_to_many_threads) {
  for (const GemmBackend* backend : every_backend()) {
    for (const Size m : {1, 40, 416, 4096})
      for (const Size n : {2, 128, 384, 30522})
        for (const Size k : {0, 2, 384, 3072})
          for (const int threads : {1, 2, 64}) {
            const GemmTiling tile = backend->tiling(m, n, k, threads);
            BOOST_TEST((tile.rows > 0 && tile.columns > 0), backend->name() << " " << m << " " << n << " " << k);
          }
    const auto tiles = [&](int threads) {
      const GemmTiling tile = backend->tiling(416, 384, 384, threads);
      return ((416 + tile.rows - 1) / tile.rows) * ((384 + tile.columns - 1) / tile.columns);
    };
    BOOST_TEST(tiles(2) >= 4, backend->name());
    // Many only where results are the same for every tiling.
    if (backend->name() == "native") BOOST_TEST(tiles(16) >= 16);
    else BOOST_TEST(tiles(16) == tiles(1));
  }
}

BOOST_AUTO_TEST_CASE(backends_go_by_name) {
  const std::string before(gemm_backend().name());
  for (const std::string_view name : gemm_backend_names()) {
    set_gemm_backend(name);
    BOOST_TEST(gemm_backend().name() == name);
  }
  set_gemm_backend(before);
  BOOST_CHECK_EXCEPTION(set_gemm_backend("blis"), std::invalid_argument,
                        says(has_onednn() ? "gemm backend: this build has native, openblas, onednn, got 'blis'"
                                          : "gemm backend: this build has native, openblas, got 'blis'"));
  BOOST_CHECK_EXCEPTION(native_backend("mmx"), std::invalid_argument, says("native gemm: the instruction set must be one of", "got 'mmx'"));
  BOOST_CHECK_EXCEPTION(table<float>("mmx"), std::runtime_error, says("must be portable, avx2, avx512, avx512_vnni, avx512_bf16 or amx, got 'mmx'"));
}

BOOST_AUTO_TEST_SUITE_END()
