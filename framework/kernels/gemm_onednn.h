#pragma once

#include "framework/kernels/gemm.h"

namespace linnet::kernels {

/// True if this build has the backend: oneDNN's headers were there.
bool has_onednn();
/// float32 by oneDNN's sgemm, one thread a product; float64, which it lacks, by `native`. The library is loaded at the first call, so
/// that programs which do not ask for it pay nothing; throws std::runtime_error if it cannot be.
const GemmBackend& onednn_backend();

}  // namespace linnet::kernels
