#include "tools/linnet/best_weights.h"

namespace linnet::tool {
namespace {

double score(const Measures& measures) { return measures.accuracy ? measures.accuracy->value() : measures.pearson.value_or(-1); }

}  // namespace

void BestWeights::look(std::int64_t step) {
  const Measures now = measure(model_, dev_);
  if (best_ && score(now) <= score(*best_)) return;
  best_ = now;
  step_ = step;
  weights_.clear();
  for (const Parameter& parameter : model_.parameters()) weights_.push_back(parameter.tensor.clone());
}

std::optional<Measures> BestWeights::restore() {
  std::vector<Parameter> parameters = model_.parameters();
  for (std::size_t i = 0; i < weights_.size(); ++i) parameters[i].tensor.assign(weights_[i]);
  return best_;
}

}  // namespace linnet::tool
