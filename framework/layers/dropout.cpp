#include "framework/layers/dropout.h"

#include "framework/layers/registry.h"
#include "framework/ops/dropout.h"

namespace linnet {
namespace {
const bool registered = register_layer<Dropout>("Dropout");
}

Dropout::Dropout(const Config& config) : config_(config) {
  check(config.rate >= 0 && config.rate <= 1, "Dropout: rate must lie in [0, 1], got ", config.rate);
}

Tensor Dropout::forward(const Tensor& x) const { return ops::dropout(x, config_.rate); }

}  // namespace linnet
