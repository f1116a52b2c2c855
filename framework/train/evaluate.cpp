#include "framework/train/evaluate.h"

#include <algorithm>

namespace linnet {

std::vector<std::int32_t> predicted_classes(const Tensor& logits) {
  check(logits.shape().size() == 2 && logits.dim(1) > 0, "predicted_classes: logits must have shape (batch, classes), got ", logits.shape());
  std::vector<std::int32_t> classes;
  dispatch_real(logits.dtype(), "predicted_classes", [&]<class T>() {
    const std::int64_t columns = logits.dim(1);
    for (const T* row = logits.data<T>().data(); classes.size() < static_cast<std::size_t>(logits.dim(0)); row += columns)
      classes.push_back(static_cast<std::int32_t>(std::max_element(row, row + columns) - row));
  });
  return classes;
}

Accuracy count_correct(const std::function<Tensor(const PackedTokens&)>& forward, const DataLoader& loader,
                       const std::function<void(const Accuracy&)>& after_batch) {
  Accuracy tally;
  for (const TextBatch& batch : loader.epoch(0)) {
    const std::vector<std::int32_t> classes = predicted_classes(forward(batch.inputs));
    const std::span<const std::int32_t> labels = batch.labels.data<std::int32_t>();
    for (std::size_t i = 0; i < classes.size(); ++i) tally.correct += classes[i] == labels[i];
    tally.total += static_cast<std::int64_t>(classes.size());
    if (after_batch) after_batch(tally);
  }
  return tally;
}

}  // namespace linnet
