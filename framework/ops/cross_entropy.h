#pragma once

#include <cstdint>
#include <optional>

#include "framework/ops/loss_reduction.h"

namespace linnet::ops {

struct CrossEntropyOptions {
  Tensor sample_weight = {};  ///< as LossOptions
  Reduction reduction = Reduction::sum_over_batch_size;
  bool from_logits = true;                        ///< false: y_pred holds probabilities
  std::optional<std::int32_t> ignore_class = {};  ///< rows with this label are left out of loss and mean
  double label_smoothing = 0;                     ///< share of each target spread evenly over the classes
  Tensor class_weight = {};                       ///< (classes): multiplies the weight of a row by its label's
};

/// -sum_c t_c log softmax(logits)_c of each row, t the label's one-hot row: SparseCategoricalCrossentropy.
/// logits: (..., classes), any float dtype; 16-bit ones are cast to float32, and that is the loss' dtype. labels: int32, (...) or
/// (..., 1). Fused: saves the logits and one log-sum-exp a row. Probabilities are divided by their sum and clipped to [1e-7, 1 - 1e-7], outside of
/// which no gradient flows. Throws std::invalid_argument on other shapes or dtypes, and on a label outside of [0, classes), naming its row. Source:
/// keras.losses.SparseCategoricalCrossentropy.
Tensor cross_entropy(const Tensor& logits, const Tensor& labels, const CrossEntropyOptions& options = {});

/// The same for targets that are distributions: y_true: (..., classes), a constant. `class_weight` goes by the largest target;
/// there are no labels, so ignore_class throws. Saves y_pred, the targets and one number a row. Source: keras.losses.CategoricalCrossentropy.
Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossEntropyOptions& options = {});

}  // namespace linnet::ops
