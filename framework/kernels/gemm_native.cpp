#include "framework/kernels/gemm_native.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include "framework/kernels/table.h"

namespace linnet::kernels {
namespace {

constexpr std::align_val_t kAlignment{64};

struct Free {
  void operator()(std::byte* data) const { ::operator delete(data, kAlignment); }
};

/// A thread's own, kept: what one product leaves in the cache is written over by the next.
void* workspace(std::int64_t bytes) {
  thread_local std::unique_ptr<std::byte, Free> data;
  thread_local std::int64_t size = 0;
  if (size < bytes) {
    data.reset(static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), kAlignment)));
    size = bytes;
  }
  return data.get();
}

/// C *= factor; a factor of 0 clears even what is no number.
template <class T>
void scale(const Gemm& job, T factor) {
  T* row = static_cast<T*>(job.c);
  for (std::int64_t i = 0; i < job.m; ++i, row += job.ldc)
    for (std::int64_t j = 0; j < job.n; ++j) row[j] = factor == 0 ? T(0) : factor * row[j];
}

class Native : public GemmBackend {
 public:
  explicit Native(std::string_view isa) : isa_(isa), float_kernels_(table<float>(isa).product), double_kernels_(table<double>(isa).product) {}

  std::string_view name() const override { return "native"; }
  std::string_view core_name() const override { return isa_; }

  void gemm(const Gemm& job) const override {
    if (job.dtype == DType::float64) run(job, double_kernels_);
    else run(job, float_kernels_);
  }

  /// As large as the second-level cache holds: each tile packs its own operands. Smaller for several threads, two each.
  GemmTiling tiling(std::int64_t m, std::int64_t n, std::int64_t k, int threads) const override {
    constexpr std::int64_t kRows = 1024, kColumns = 384, kNarrow = 32, kFlopsPerTile = 1 << 18;
    const std::int64_t wanted = threads > 1 ? 2 * threads : 1, flops = 2 * m * n * k;
    if (flops < 2 * kFlopsPerTile) return {m, n};
    std::int64_t down = (m + kRows - 1) / kRows, across = (n + kColumns - 1) / kColumns;
    const auto cut = [&] { return GemmTiling{(m + down - 1) / down, ((n + across - 1) / across + kNarrow - 1) / kNarrow * kNarrow}; };
    for (GemmTiling tile = cut(); down * across < wanted && flops / (down * across) >= 2 * kFlopsPerTile; tile = cut()) {
      if (tile.rows >= tile.columns && tile.rows >= 2 * kNarrow) down *= 2;
      else if (tile.columns >= 2 * kNarrow) across *= 2;
      else break;
    }
    return cut();
  }

 private:
  template <class T>
  static void run(const Gemm& job, const ProductKernels<T>& kernels) {
    if (job.m == 0 || job.n == 0) return;
    const bool empty = job.k == 0 || job.alpha == 0;
    if (job.beta != 1 && (job.beta != 0 || empty)) scale(job, static_cast<T>(job.beta));
    if (empty) return;
    const auto operand = [](const GemmOperand& from) {
      return ProductOperand<T>{static_cast<const T*>(from.data), from.ld, from.transpose == Transpose::yes};
    };
    kernels.multiply({job.m, job.n, job.k, operand(job.a), operand(job.b), static_cast<T*>(job.c), job.ldc, static_cast<T>(job.alpha), job.beta != 0},
                     static_cast<T*>(workspace(kernels.workspace * static_cast<std::int64_t>(sizeof(T)))));
  }

  std::string_view isa_;
  ProductKernels<float> float_kernels_;
  ProductKernels<double> double_kernels_;
};

}  // namespace

const GemmBackend& native_backend(std::string_view isa) {
  static const std::vector<Native> variants = [] {
    std::vector<Native> all;
    for (const std::string_view name : isa_names()) all.emplace_back(name);
    return all;
  }();
  const auto found = std::find_if(variants.begin(), variants.end(), [&](const Native& variant) { return variant.core_name() == isa; });
  check(found != variants.end(), "native gemm: the instruction set must be one of this CPU's, got '", isa, "'");
  return *found;
}

}  // namespace linnet::kernels
