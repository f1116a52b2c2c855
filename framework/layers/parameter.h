#pragma once

#include <string>

#include "framework/core/tensor.h"

namespace linnet {

/// A named weight: "transformer_layer_0/self_attention_layer/query/kernel".
struct Parameter {
  std::string path;
  Tensor tensor;
};

}  // namespace linnet
