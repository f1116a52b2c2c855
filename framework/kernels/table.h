#pragma once

#include <string_view>
#include <vector>

#include "framework/kernels/activations.h"
#include "framework/kernels/adam.h"
#include "framework/kernels/attention.h"
#include "framework/kernels/bfloat16_product.h"
#include "framework/kernels/convert.h"
#include "framework/kernels/dropout.h"
#include "framework/kernels/int8.h"
#include "framework/kernels/layer_norm.h"
#include "framework/kernels/log_sum_exp.h"
#include "framework/kernels/product.h"
#include "framework/kernels/reduce.h"
#include "framework/kernels/unary.h"

/// Leaf loops over raw pointers: single-threaded, no Tensor, no allocation. Each kernels/*.cpp but this table's and the gemm
/// backends' is compiled once per instruction set, in a namespace of its own (LINNET_KERNEL_NAMESPACE): without it the
/// linker would silently keep one copy of three. Kernel files use no std algorithms, containers or `<cmath>` overloads and no
/// dynamic initialisers, for the same reason. Variants differ in the last bits: bitwise promises hold per variant.
namespace linnet::kernels {

/// The kernels of one element type (float or double) for one instruction set, a member per family.
template <class T>
struct Table {
  ActivationKernels<T> activations;
  AdamKernels<T> adam;
  AttentionKernels<T> attention;
  BFloat16ProductKernels bfloat16_product;
  ConvertKernels<T> convert;
  DropoutKernels<T> dropout;
  Int8Kernels<T> int8;
  LayerNormKernels<T> layer_norm;
  LogSumExpKernels<T> log_sum_exp;
  ProductKernels<T> product;
  ReduceKernels<T> reduce;
  UnaryKernels<T> unary;
};

/// The best variant for this CPU, picked once. LINNET_ISA=portable|avx2|avx512|avx512_vnni|avx512_bf16|amx forces one; throws
/// std::runtime_error if the CPU lacks it or the name is unknown. The last three differ from avx512 in int8 and bfloat16 products alone.
template <class T>
const Table<T>& table();

/// Its name.
std::string_view isa_name();

/// The variants that this CPU can run, the best first; and one of them by name, for tests and benchmarks. Throws
/// std::runtime_error if `isa` is not among them.
std::vector<std::string_view> isa_names();
template <class T>
const Table<T>& table(std::string_view isa);

}  // namespace linnet::kernels
