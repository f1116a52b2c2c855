#include "framework/optim/adamw.h"

namespace linnet {
namespace {

OptimizerConfig with_decay(OptimizerConfig common) {
  if (!common.weight_decay) common.weight_decay = 0.004;
  return common;
}

}  // namespace

AdamW::AdamW(const std::vector<Parameter>& parameters, OptimizerConfig common, const Config& config)
    : Adam("AdamW", parameters, with_decay(std::move(common)), config) {}

}  // namespace linnet
