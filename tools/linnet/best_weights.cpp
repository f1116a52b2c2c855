#include "tools/linnet/best_weights.h"

#include <cmath>

namespace linnet::tool {
namespace {

double score(const Measures& measures) {
  if (measures.accuracy) return measures.accuracy->value();
  return std::isfinite(*measures.pearson) ? *measures.pearson : -1;  // NaN: every answer was the same
}

}  // namespace

Measures BestWeights::look(std::int64_t step) {
  RunNotes& notes = run_.notes;
  const Measures now = measure(model_, dev_);
  if (notes.best && score(now) <= score(*notes.best)) return now;
  notes.best = now;
  notes.best_step = step;
  if (Checkpoint* checkpoint = run_.checkpoint()) {
    checkpoint->save_best(run_.state, score(now));
  } else {
    weights_.clear();
    for (const Parameter& parameter : model_.parameters()) weights_.push_back(parameter.tensor.clone());
  }
  return now;
}

void BestWeights::restore() {
  if (!run_.notes.best) return;
  if (Checkpoint* checkpoint = run_.checkpoint()) return checkpoint->load_best();
  std::vector<Parameter> parameters = model_.parameters();
  for (std::size_t i = 0; i < weights_.size(); ++i) parameters[i].tensor.assign(weights_[i]);
}

}  // namespace linnet::tool
