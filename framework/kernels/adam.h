#pragma once

#include <cstdint>

namespace linnet::kernels {

/// The numbers of one Adam step on one parameter.
template <class T>
struct AdamStep {
  T scale = 1;          ///< factor on each gradient element: loss scale and norm clipping
  T clip = 0;           ///< then clamped to [-clip, clip]; infinity for none
  T weight_decay = 0;   ///< 0 for none
  T learning_rate = 0;  ///< of the decay; the update's own is in alpha
  T alpha = 0;          ///< learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
  T one_minus_beta_1 = 0, one_minus_beta_2 = 0;
  T epsilon = 0;
};

/// Built without contraction to fused multiply-adds: every element has the same bits in every variant, wherever a call begins.
template <class T>
struct AdamKernels {
  /// w -= w * weight_decay * learning_rate; m += (g - m)(1 - beta_1); v += (g² - v)(1 - beta_2);
  /// w -= m * alpha / (sqrt(v) + epsilon), in one pass. g, w, m, v, v_hat: (n). g null: zeros.
  /// v_hat not null (AMSGrad): v_hat = max(v_hat, v) takes the place of v in the last line.
  void (*update)(const AdamStep<T>& step, const T* g, std::int64_t n, T* w, T* m, T* v, T* v_hat);
  /// The first of these lines alone: all that happens to weights with g, m and v zero.
  void (*decay)(const AdamStep<T>& step, std::int64_t n, T* w);
};

}  // namespace linnet::kernels
