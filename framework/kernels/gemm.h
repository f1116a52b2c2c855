#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "framework/core/dtype.h"

namespace linnet::kernels {

/// The one seam to BLAS libraries.
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

/// A BLAS library, or what stands in for one. Const methods may be called from several threads.
class GemmBackend {
 public:
  virtual ~GemmBackend() = default;
  virtual std::string_view name() const = 0;
  /// The kernels that the library picked for this CPU, for records and benchmarks.
  virtual std::string_view core_name() const = 0;
  /// One thread; ops/matmul.cpp tiles and parallelises. With k = 0 it gives beta * C.
  virtual void gemm(const Gemm& job) const = 0;
};

/// The backend in use: LINNET_BLAS, else the default of this build.
const GemmBackend& gemm_backend();
/// Throws std::invalid_argument that names the backends of this build. Not while ops run.
void set_gemm_backend(std::string_view name);
std::vector<std::string_view> gemm_backend_names();

}  // namespace linnet::kernels
