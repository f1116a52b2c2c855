#include "framework/kernels/gemm_openblas.h"

#include <algorithm>
#include <complex>
#include <limits>

#define HAVE_CBLAS 1
#include <xflens/cxxblas/cxxblas.cxx>

// cxxblas brings declarations of its own, which those of OpenBLAS' cblas.h contradict.
extern "C" void openblas_set_num_threads(int threads);
extern "C" char* openblas_get_corename();

namespace linnet::kernels {
namespace {

class OpenBlas : public GemmBackend {
 public:
  // One thread: the tiles of ops/matmul.cpp are spread over our own pool, so results do not depend on the thread count.
  OpenBlas() { openblas_set_num_threads(1); }

  std::string_view name() const override { return "openblas"; }
  std::string_view core_name() const override { return openblas_get_corename(); }

  void gemm(const Gemm& job) const override {
    if (job.dtype == DType::float64) run<double>(job);
    else run<float>(job);
  }

  /// Columns first: two to four column tiles cost the library next to nothing, while row tiles make it pack the second
  /// operand once more each; rows as well when there are many.
  GemmTiling tiling(std::int64_t m, std::int64_t n, std::int64_t k, int /*threads*/) const override {
    constexpr std::int64_t kRows = 512, kNarrow = 64, kFlopsPerTile = 1 << 20;
    if (2 * m * n * k < 2 * kFlopsPerTile) return {m, n};
    const std::int64_t pieces = std::clamp<std::int64_t>(n / kNarrow, 1, n > 8192 ? n / 1024 : 4);
    const std::int64_t columns = (n + pieces - 1) / pieces;
    return {m <= kRows * 3 / 2 ? m : kRows, (columns + 15) / 16 * 16};
  }

 private:
  static int narrow(std::int64_t value) {
    check(value >= 0 && value <= std::numeric_limits<int>::max(), "gemm: BLAS sizes must be below 2^31, got ", value);
    return static_cast<int>(value);
  }

  template <class T>
  static void run(const Gemm& job) {
    if (job.m == 0 || job.n == 0) return;
    const auto flag = [](Transpose transpose) { return transpose == Transpose::yes ? cxxblas::Trans : cxxblas::NoTrans; };
    cxxblas::gemm<int>(cxxblas::RowMajor, flag(job.a.transpose), flag(job.b.transpose), narrow(job.m), narrow(job.n), narrow(job.k),
                       static_cast<T>(job.alpha), static_cast<const T*>(job.a.data), narrow(job.a.ld), static_cast<const T*>(job.b.data),
                       narrow(job.b.ld), static_cast<T>(job.beta), static_cast<T*>(job.c), narrow(job.ldc));
  }
};

}  // namespace

const GemmBackend& openblas_backend() {
  static const OpenBlas backend;
  return backend;
}

}  // namespace linnet::kernels
