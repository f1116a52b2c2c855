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

Accuracy count_correct(const Tensor& logits, const Tensor& labels) {
  const std::vector<std::int32_t> classes = predicted_classes(logits);
  check(labels.shape() == Shape{logits.dim(0)}, "count_correct: labels must have one element a row of logits ", logits.shape(), ", got shape ",
        labels.shape());
  const std::span<const std::int32_t> expected = labels.data<std::int32_t>();
  Accuracy tally{0, logits.dim(0)};
  for (std::size_t i = 0; i < classes.size(); ++i) tally.correct += classes[i] == expected[i];
  return tally;
}

Accuracy count_correct(const std::function<Tensor(const PackedTokens&)>& forward, const DataLoader& loader,
                       const std::function<void(const Accuracy&)>& after_batch) {
  Accuracy tally;
  for (const TextBatch& batch : loader.epoch(0)) {
    tally += count_correct(forward(batch.inputs), batch.labels);
    if (after_batch) after_batch(tally);
  }
  return tally;
}

}  // namespace linnet
