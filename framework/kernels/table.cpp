#include "framework/kernels/table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>

#include "framework/core/error.h"

// Each kernel file defines, in its variant's namespace, template <class T> XKernels<T> x_kernels().
#define LINNET_DECLARE_VARIANT(variant)                     \
  namespace linnet::kernels::variant {                      \
  template <class T>                                        \
  ActivationKernels<T> activation_kernels();                \
  template <class T>                                        \
  AdamKernels<T> adam_kernels();                            \
  template <class T>                                        \
  AttentionKernels<T> attention_kernels();                  \
  BFloat16ProductKernels bfloat16_product_kernels();        \
  template <class T>                                        \
  ConvertKernels<T> convert_kernels();                      \
  template <class T>                                        \
  DropoutKernels<T> dropout_kernels();                      \
  template <class T>                                        \
  Int8Kernels<T> int8_kernels();                            \
  template <class T>                                        \
  LayerNormKernels<T> layer_norm_kernels();                 \
  template <class T>                                        \
  LogSumExpKernels<T> log_sum_exp_kernels();                \
  template <class T>                                        \
  ProductKernels<T> product_kernels();                      \
  template <class T>                                        \
  ReduceKernels<T> reduce_kernels();                        \
  template <class T>                                        \
  UnaryKernels<T> unary_kernels();                          \
  template <class T>                                        \
  Table<T> make_table() {                                   \
    return {.activations = activation_kernels<T>(),         \
            .adam = adam_kernels<T>(),                      \
            .attention = attention_kernels<T>(),            \
            .bfloat16_product = bfloat16_product_kernels(), \
            .convert = convert_kernels<T>(),                \
            .dropout = dropout_kernels<T>(),                \
            .int8 = int8_kernels<T>(),                      \
            .layer_norm = layer_norm_kernels<T>(),          \
            .log_sum_exp = log_sum_exp_kernels<T>(),        \
            .product = product_kernels<T>(),                \
            .reduce = reduce_kernels<T>(),                  \
            .unary = unary_kernels<T>()};                   \
  }                                                         \
  }
LINNET_DECLARE_VARIANT(portable)
#if defined(__x86_64__)
LINNET_DECLARE_VARIANT(avx2)
LINNET_DECLARE_VARIANT(avx512)
namespace linnet::kernels::avx512_vnni {
template <class T>
Int8Kernels<T> int8_kernels();
}  // namespace linnet::kernels::avx512_vnni
namespace linnet::kernels::avx512_bf16 {
BFloat16ProductKernels bfloat16_product_kernels();
}  // namespace linnet::kernels::avx512_bf16
namespace linnet::kernels::amx {
BFloat16ProductKernels bfloat16_product_kernels();
template <class T>
Int8Kernels<T> int8_kernels();
}  // namespace linnet::kernels::amx
#endif
#undef LINNET_DECLARE_VARIANT

namespace linnet::kernels {
namespace {

/// Each has all that those before it have.
enum class Isa { portable, avx2, avx512, avx512_vnni, avx512_bf16, amx };

#if defined(__x86_64__)
/// Whether the CPU has tiles for int8 and bfloat16, and the system lets this process use them: it wants to be asked once, as
/// their registers make a thread's saved state 8 KiB larger.
bool tiles_granted() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr unsigned kBfloat16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25, kAll = kBfloat16 | kTile | kInt8;
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM of <asm/prctl.h>, XFEATURE_XTILEDATA
  return (d & kAll) == kAll && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

bool supported(Isa isa) {
#if defined(__x86_64__)
  // The levels x86-64-v3 and v4 that the variants are compiled for; then instructions for int8 and for bfloat16 alone.
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool vnni = v4 && __builtin_cpu_supports("avx512vnni");
  switch (isa) {
    case Isa::avx2: return v3;
    case Isa::avx512: return v4;
    case Isa::avx512_vnni: return vnni;
    case Isa::avx512_bf16: return vnni && __builtin_cpu_supports("avx512bf16");
    case Isa::amx: return vnni && __builtin_cpu_supports("avx512bf16") && tiles_granted();
    case Isa::portable: return true;
  }
#endif
  return isa == Isa::portable;
}

std::string_view name_of(Isa isa) {
  constexpr std::string_view kNames[] = {"portable", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"};
  return kNames[static_cast<std::size_t>(isa)];
}

constexpr Isa kBestFirst[] = {Isa::amx, Isa::avx512_bf16, Isa::avx512_vnni, Isa::avx512, Isa::avx2, Isa::portable};

/// The variant of that name; `what` begins the error.
Isa named(std::string_view name, std::string_view what) {
  for (const Isa isa : kBestFirst)
    if (name_of(isa) == name) {
      check_file(supported(isa), what, ": this CPU must have the instruction set, got ", name, " (unset it to pick the best)");
      return isa;
    }
  throw std::runtime_error(cat(what, ": must be portable, avx2, avx512, avx512_vnni, avx512_bf16 or amx, got '", name, "'"));
}

Isa pick() {
  const char* forced = std::getenv("LINNET_ISA");
  if (forced && *forced) return named(forced, "LINNET_ISA");
  return *std::find_if(std::begin(kBestFirst), std::end(kBestFirst), supported);
}

Isa chosen() {
  static const Isa isa = pick();
  return isa;
}

template <class T, Isa kIsa>
const Table<T>& made() {
  static const Table<T> instance = [] {
#if defined(__x86_64__)
    if constexpr (kIsa >= Isa::avx512) {
      Table<T> table = avx512::make_table<T>();
      if constexpr (kIsa >= Isa::avx512_vnni) table.int8 = avx512_vnni::int8_kernels<T>();
      if constexpr (kIsa >= Isa::avx512_bf16) table.bfloat16_product = avx512_bf16::bfloat16_product_kernels();
      if constexpr (kIsa >= Isa::amx) {
        table.int8 = amx::int8_kernels<T>();
        table.bfloat16_product = amx::bfloat16_product_kernels();
      }
      return table;
    } else if constexpr (kIsa == Isa::avx2) return avx2::make_table<T>();
    else
#endif
      return portable::make_table<T>();
  }();
  return instance;
}

/// Made when first asked for: even making a table may take instructions of its variant.
template <class T>
const Table<T>& table_of(Isa isa) {
  switch (isa) {
    case Isa::amx: return made<T, Isa::amx>();
    case Isa::avx512_bf16: return made<T, Isa::avx512_bf16>();
    case Isa::avx512_vnni: return made<T, Isa::avx512_vnni>();
    case Isa::avx512: return made<T, Isa::avx512>();
    case Isa::avx2: return made<T, Isa::avx2>();
    default: return made<T, Isa::portable>();
  }
}

}  // namespace

template <class T>
const Table<T>& table() {
  static const Table<T>& instance = table_of<T>(chosen());
  return instance;
}
template const Table<float>& table<float>();
template const Table<double>& table<double>();

std::string_view isa_name() { return name_of(chosen()); }

std::vector<std::string_view> isa_names() {
  std::vector<std::string_view> names;
  for (const Isa isa : kBestFirst)
    if (supported(isa)) names.push_back(name_of(isa));
  return names;
}

template <class T>
const Table<T>& table(std::string_view isa) {
  return table_of<T>(named(isa, "kernels"));
}
template const Table<float>& table<float>(std::string_view isa);
template const Table<double>& table<double>(std::string_view isa);

}  // namespace linnet::kernels
