#pragma once

#include "framework/ops/loss_reduction.h"

namespace linnet::ops {

// Losses between targets t (y_true, a constant) and predictions p (y_pred), with Keras' names. y_pred: any float dtype; 16-bit ones are
// cast to float32, and that is the loss' dtype. Each row of the last axis gives one loss, over its n columns; `options` reduce them.
// y_true: the shape of y_pred, or that shape but for a last axis of 1; any dtype, converted. They save both. Throw std::invalid_argument on other
// shapes or dtypes. cross_entropy and categorical_crossentropy are in cross_entropy.h. Source: keras.losses.

/// sum (t - p)² / n.
Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum |t - p| / n; no gradient where they are equal.
Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum h(p - t) / n, h(e) = e² / 2 where |e| <= delta, else delta |e| - delta² / 2. Source: Huber 1964.
Tensor huber(const Tensor& y_true, const Tensor& y_pred, double delta = 1, const LossOptions& options = {});
/// sum log(cosh(p - t)) / n.
Tensor log_cosh(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum (p - t log(p + 1e-7)) / n.
Tensor poisson(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum max(1 - t p, 0) / n. Targets that are all 0 or 1 count as -1 or 1.
Tensor hinge(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum max(1 - t p, 0)² / n, targets as for hinge.
Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// sum t log(t / p), both clipped to [1e-7, 1].
Tensor kl_divergence(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});
/// -sum t p / (|t| |p|), a norm at least 1e-7.
Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options = {});

struct BinaryCrossentropyOptions {
  Tensor sample_weight = {};  ///< as LossOptions
  Reduction reduction = Reduction::sum_over_batch_size;
  bool from_logits = false;    ///< y_pred before the sigmoid; else probabilities, clipped to [1e-7, 1 - 1e-7]
  double label_smoothing = 0;  ///< s: targets become t (1 - s) + s / 2
};
/// -sum (t log p + (1 - t) log(1 - p)) / n, from logits in the form that does not overflow.
Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const BinaryCrossentropyOptions& options = {});

struct BinaryFocalCrossentropyOptions {
  Tensor sample_weight = {};
  Reduction reduction = Reduction::sum_over_batch_size;
  bool from_logits = false;
  double label_smoothing = 0;
  double gamma = 2;                    ///< focus: 0 is binary_crossentropy
  bool apply_class_balancing = false;  ///< weigh targets of 1 by alpha, of 0 by 1 - alpha
  double alpha = 0.25;
};
/// binary_crossentropy's elements times (1 - p_t)^gamma, p_t = t p + (1 - t)(1 - p). Source: Lin et al. 2018, arXiv:1708.02002.
Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const BinaryFocalCrossentropyOptions& options = {});

}  // namespace linnet::ops
