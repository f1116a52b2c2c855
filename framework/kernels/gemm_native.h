#pragma once

#include "framework/kernels/gemm.h"

namespace linnet::kernels {

/// Linnet's own products (kernels/product.h), in the variant `isa` of isa_names(). A result is bitwise the same for every
/// tiling, and a row's is the same alone as among others.
const GemmBackend& native_backend(std::string_view isa);

}  // namespace linnet::kernels
