#include "framework/layers/autocast.h"

#include "framework/ops/cast.h"

namespace linnet {

Tensor autocast(const Tensor& x, const DTypePolicy& policy) {
  const bool is_float = x.defined() && x.dtype() != DType::int32 && x.dtype() != DType::int8;
  return is_float ? ops::cast(x, policy.compute) : x;
}

}  // namespace linnet
