#include "framework/kernels/gemm_onednn.h"

#include <string>

#include "framework/core/error.h"

#if defined(LINNET_ONEDNN)
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include "framework/kernels/gemm_native.h"
#include "framework/kernels/gemm_openblas.h"
#include "framework/kernels/table.h"
#endif

namespace linnet::kernels {

#if defined(LINNET_ONEDNN)

namespace {

#define LINNET_TEXT(x) #x
#define LINNET_SONAME(major) "libdnnl.so." LINNET_TEXT(major)
constexpr const char* kLibrary = LINNET_SONAME(DNNL_VERSION_MAJOR);

/// A function of the library, or of OpenMP beneath it.
template <class F>
F* function(void* library, const char* name) {
  void* address = dlsym(library, name);
  check_file(address != nullptr, "gemm backend: oneDNN must have the function ", name, ", got none in ", kLibrary);
  return reinterpret_cast<F*>(address);
}

std::string_view name_of(dnnl_cpu_isa_t isa) {
  switch (isa) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "unnamed";
  }
}

class OneDnn : public GemmBackend {
 public:
  OneDnn() {
    void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    check_file(library != nullptr, "gemm backend: onednn must have its library, got '", library ? "" : dlerror(), "' (Debian: libdnnl2)");
    sgemm_ = function<decltype(dnnl_sgemm)>(library, "dnnl_sgemm");
    max_threads_ = function<int()>(library, "omp_get_max_threads");
    set_threads_ = function<void(int)>(library, "omp_set_num_threads");
    core_ = name_of(function<decltype(dnnl_get_effective_cpu_isa)>(library, "dnnl_get_effective_cpu_isa")());
  }

  std::string_view name() const override { return "onednn"; }
  std::string_view core_name() const override { return core_; }

  void gemm(const Gemm& job) const override {
    if (job.dtype == DType::float64 || job.k == 0 || job.alpha == 0) return native_backend(isa_name()).gemm(job);
    if (job.m == 0 || job.n == 0) return;
    const auto flag = [](Transpose transpose) { return transpose == Transpose::yes ? 'T' : 'N'; };
    // One thread: the tiles are spread over our own pool. OpenMP's setting is the calling thread's own, and may be the user's.
    const int threads = max_threads_();
    set_threads_(1);
    const dnnl_status_t status = sgemm_(flag(job.a.transpose), flag(job.b.transpose), job.m, job.n, job.k, static_cast<float>(job.alpha),
                                        static_cast<const float*>(job.a.data), job.a.ld, static_cast<const float*>(job.b.data), job.b.ld,
                                        static_cast<float>(job.beta), static_cast<float*>(job.c), job.ldc);
    set_threads_(threads);
    check_file(status == dnnl_success, "gemm: oneDNN must succeed, got its status ", static_cast<int>(status));
  }

  /// It packs both operands at every call, as OpenBLAS does.
  GemmTiling tiling(std::int64_t m, std::int64_t n, std::int64_t k, int threads) const override {
    return openblas_backend().tiling(m, n, k, threads);
  }

 private:
  decltype(dnnl_sgemm)* sgemm_;
  int (*max_threads_)();
  void (*set_threads_)(int);
  std::string_view core_;
};

}  // namespace

bool has_onednn() { return true; }

const GemmBackend& onednn_backend() {
  static const OneDnn backend;
  return backend;
}

#else

bool has_onednn() { return false; }
const GemmBackend& onednn_backend() { throw std::runtime_error("gemm backend: this build must have oneDNN, got none (Debian: libdnnl-dev)"); }

#endif

}  // namespace linnet::kernels
