#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "framework/core/dtype.h"

namespace linnet::kernels {

/// The one seam to matrix products: our own and BLAS libraries'.
enum class Transpose : bool { no, yes };

/// Row-major, leading dimension in elements.
struct GemmOperand {
  const void* data = nullptr;
  std::int64_t ld = 0;
  Transpose transpose = Transpose::no;
};

/// C(m, n) = alpha * op(A)(m, k) * op(B)(k, n) + beta * C, all of `dtype` (float32 or float64).
struct Gemm {
  std::int64_t m = 0, n = 0, k = 0;
  GemmOperand a, b;
  void* c = nullptr;
  std::int64_t ldc = 0;
  DType dtype = DType::float32;
  double alpha = 1, beta = 0;
};

/// Extents of the tiles that a result is cut into.
struct GemmTiling {
  std::int64_t rows = 0, columns = 0;
};

/// A BLAS library, or what stands in for one. Const methods may be called from several threads.
class GemmBackend {
 public:
  virtual ~GemmBackend() = default;
  virtual std::string_view name() const = 0;
  /// The kernels that it picked for this CPU, for records and benchmarks.
  virtual std::string_view core_name() const = 0;
  /// One thread; ops/matmul.cpp tiles and parallelises. With k = 0 it gives beta * C; with beta = 0 it does not read C.
  virtual void gemm(const Gemm& job) const = 0;
  /// How to cut a result of (m, n) for so many threads. Results must not depend on their number: a backend looks at it only
  /// if its results are the same for every tiling.
  virtual GemmTiling tiling(std::int64_t m, std::int64_t n, std::int64_t k, int threads) const = 0;
};

/// The backend in use: LINNET_BLAS (native, openblas or onednn), else native where there are vector instructions to write it for.
const GemmBackend& gemm_backend();
/// Throws std::invalid_argument that names the backends of this build. Not while ops run.
void set_gemm_backend(std::string_view name);
/// What this build has: native, openblas, and onednn where it was found.
std::vector<std::string_view> gemm_backend_names();

}  // namespace linnet::kernels
