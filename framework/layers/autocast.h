#pragma once

#include "framework/core/dtype.h"
#include "framework/core/tensor.h"

namespace linnet {

/// A float input or variable in the dtype that a layer of this policy computes in, as Keras' layers cast theirs at each call: the
/// gradient of a float32 variable of a mixed policy arrives in float32. Integers and undefined tensors stay as they are.
Tensor autocast(const Tensor& x, const DTypePolicy& policy);
/// The same of a large variable: in inference it is cast once and kept until the variable is written (core/derived.h).
Tensor autocast_weight(const Tensor& weight, const DTypePolicy& policy);

}  // namespace linnet
