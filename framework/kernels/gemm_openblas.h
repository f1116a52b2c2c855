#pragma once

#include "framework/kernels/gemm.h"

namespace linnet::kernels {

/// OpenBLAS through xtensor-blas' cxxblas, always at one thread.
const GemmBackend& openblas_backend();

}  // namespace linnet::kernels
