#pragma once

#include "framework/optim/adam.h"

namespace linnet {

/// Adam with decoupled weight decay, 0.004 unless the config says otherwise.
/// Source: keras.optimizers.AdamW; Loshchilov and Hutter 2017, arXiv:1711.05101.
class AdamW : public Adam {
 public:
  explicit AdamW(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : AdamW(parameters, common, Config()) {}
  AdamW(const std::vector<Parameter>& parameters, OptimizerConfig common, const Config& config);
};

}  // namespace linnet
