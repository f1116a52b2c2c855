#include "framework/kernels/gemm.h"

#include <atomic>
#include <cstdlib>

#include "framework/kernels/gemm_native.h"
#include "framework/kernels/gemm_onednn.h"
#include "framework/kernels/gemm_openblas.h"
#include "framework/kernels/table.h"

namespace linnet::kernels {
namespace {

struct Backend {
  std::string_view name;
  const GemmBackend& (*get)();
};
std::vector<Backend> backends() {
  std::vector<Backend> all{{"native", []() -> const GemmBackend& { return native_backend(isa_name()); }}, {"openblas", openblas_backend}};
  if (has_onednn()) all.push_back({"onednn", onednn_backend});
  return all;
}

const GemmBackend* find(std::string_view name) {
  std::string known;
  for (const Backend& backend : backends()) {
    if (backend.name == name) return &backend.get();
    known += cat(known.empty() ? "" : ", ", backend.name);
  }
  throw std::invalid_argument(cat("gemm backend: this build has ", known, ", got '", name, "'"));
}

std::atomic<const GemmBackend*>& current() {
  static std::atomic<const GemmBackend*> backend = []() -> const GemmBackend* {
    const char* name = std::getenv("LINNET_BLAS");
    if (name && *name) return find(name);
    return isa_name() == "portable" ? &openblas_backend() : &native_backend(isa_name());
  }();
  return backend;
}

}  // namespace

const GemmBackend& gemm_backend() { return *current(); }
void set_gemm_backend(std::string_view name) { current() = find(name); }

std::vector<std::string_view> gemm_backend_names() {
  std::vector<std::string_view> names;
  for (const Backend& backend : backends()) names.push_back(backend.name);
  return names;
}

}  // namespace linnet::kernels
