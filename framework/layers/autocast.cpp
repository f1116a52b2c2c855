#include "framework/layers/autocast.h"

#include "framework/autograd/tape.h"
#include "framework/core/derived.h"
#include "framework/ops/cast.h"

namespace linnet {

Tensor autocast(const Tensor& x, const DTypePolicy& policy) {
  const bool is_float = x.defined() && x.dtype() != DType::int32 && x.dtype() != DType::int8;
  return is_float ? ops::cast(x, policy.compute) : x;
}

Tensor autocast_weight(const Tensor& weight, const DTypePolicy& policy) {
  if (policy.variable == policy.compute || weight.dtype() == policy.compute || recording({weight})) return autocast(weight, policy);
  return derived(weight, {"cast", {static_cast<std::int64_t>(policy.compute)}}, [&] { return weight.cast(policy.compute); }).reshape(weight.shape());
}

}  // namespace linnet
