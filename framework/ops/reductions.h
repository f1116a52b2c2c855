#pragma once

#include <vector>

#include "framework/core/tensor.h"

namespace linnet::ops {

/// What a reduction goes over.
struct ReduceOptions {
  std::vector<int> axes = {};  ///< negative ones count from the end; none: all axes
  bool keepdims = false;       ///< reduced axes stay, with extent 1
};

// Named as in keras.ops. x: any shape, any float dtype; result: x's shape without the reduced axes. Each throws
// std::invalid_argument on an axis that x does not have or that comes twice.

/// Sum of the elements, in float64, in an order that is the shape's alone. Saves nothing.
Tensor sum(const Tensor& x, const ReduceOptions& options = {});
/// Sum divided by the number. Saves nothing. Throws also if there are no elements to reduce.
Tensor mean(const Tensor& x, const ReduceOptions& options = {});
/// The mean of the squared distances from the mean: numpy's var. Saves the distances. Throws as mean does.
Tensor var(const Tensor& x, const ReduceOptions& options = {});
/// Product of the elements. Saves x.
Tensor prod(const Tensor& x, const ReduceOptions& options = {});
/// The largest element, or NaN if there is one; equal ones share the gradient evenly. Saves x and the result. Throws as mean does.
Tensor max(const Tensor& x, const ReduceOptions& options = {});
/// The smallest element, likewise. Saves x and the result.
Tensor min(const Tensor& x, const ReduceOptions& options = {});
/// log(sum(e^x)) without overflow. Saves the shifted x, twice. Throws as mean does.
Tensor logsumexp(const Tensor& x, const ReduceOptions& options = {});
/// Sums of the elements up to and with each, along one axis. Saves nothing. x, result: one shape.
Tensor cumsum(const Tensor& x, int axis);

}  // namespace linnet::ops
