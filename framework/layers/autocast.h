#pragma once

#include "framework/core/dtype.h"
#include "framework/core/tensor.h"

namespace linnet {

/// A float input or variable in the dtype that a layer of this policy computes in, as Keras' layers cast theirs at each call: the
/// gradient of a float32 variable of a mixed policy arrives in float32. Integers and undefined tensors stay as they are.
Tensor autocast(const Tensor& x, const DTypePolicy& policy);

}  // namespace linnet
