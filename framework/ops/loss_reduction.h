#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet::ops {

/// How the losses of the elements of a batch become one, by Keras' names; "mean" is sum_over_batch_size, too.
/// With losses l, weights w: sum w l / number of elements (not of the weights), sum w l, w l, or sum w l / sum w.
enum class Reduction : std::uint8_t { sum_over_batch_size, sum, none, mean_with_sample_weight };
/// Throws std::invalid_argument that lists the names.
Reduction reduction_from_name(std::string_view name);

struct LossOptions {
  Tensor sample_weight = {};  ///< a shape that broadcasts to the losses', or that shape and an axis of 1; undefined: ones
  Reduction reduction = Reduction::sum_over_batch_size;
};

/// The weights and the divisor of one call of a loss: for the ops in losses.cpp and cross_entropy.cpp.
class LossReduction {
 public:
  /// `shape` is that of the losses. Throws in the name of `op` if the sample weights do not fit it.
  LossReduction(std::string_view op, Shape shape, const LossOptions& options);
  /// Multiplies the weight of each element, row-major.
  void scale(const std::vector<double>& factors);
  /// Leaves elements with 0 out: they weigh nothing, and the mean counts the others alone. To be called last.
  void mask(const std::vector<std::uint8_t>& valid);

  /// values: the losses; result: a scalar, or for Reduction::none their shape.
  Tensor reduce(const Tensor& values) const;
  /// The gradient of reduce(): grad_output is of its result's shape, the result of the losses'.
  Tensor spread(const Tensor& grad_output) const;

 private:
  Shape shape_;
  Reduction reduction_;
  std::vector<double> weights_;
  bool weighted_;
  double divisor_ = 1;
  void set_divisor(double elements);
};

}  // namespace linnet::ops
