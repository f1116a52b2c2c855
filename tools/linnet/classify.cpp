#include "tools/linnet/classify.h"

#include <iomanip>
#include <sstream>

#include "framework/core/parallel.h"
#include "tools/linnet/progress.h"

namespace linnet::tool {

void use_threads(std::int64_t threads) {
  check(threads >= 0 && threads <= 1024, "--threads: must be 0 (every core) to 1024, got ", threads);
  if (threads > 0) set_num_threads(static_cast<int>(threads));
}

Accuracy measure(const BertTextClassifier& model, const TextDataset& dataset, std::int64_t batch_size) {
  const DataLoader loader(dataset, model.preprocessor(), {.batch_size = batch_size});
  Progress progress("evaluate", dataset.size(), "sentences");
  return count_correct([&](const PackedTokens& tokens) { return model.forward(tokens); }, loader,
                       [&](const Accuracy& so_far) { progress.update(so_far.total, "accuracy " + four_digits(so_far.value())); });
}

std::string accuracy_line(const Accuracy& accuracy) {
  return cat("accuracy ", four_digits(accuracy.value()), " (", accuracy.correct, " of ", accuracy.total, ")");
}

std::string four_digits(double value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(4) << value;
  return text.str();
}

}  // namespace linnet::tool
