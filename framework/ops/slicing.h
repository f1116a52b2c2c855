#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet::ops {

// Cutting and joining along an axis; negative axes count from the end. Any dtype; all copy. Each throws std::invalid_argument
// on an axis that is not there.

/// What a slice takes of an axis: elements begin, begin + step, … before end. Negative numbers count from the end of the axis.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t end = INT64_MAX;  ///< at most the extent; the default is the extent
  std::int64_t step = 1;
};
/// The elements of one axis that `range` names, as x[..., begin:end:step, ...] in NumPy. Saves nothing.
/// Throws also unless 0 <= begin <= end <= extent and step is positive.
Tensor slice(const Tensor& x, int axis, const SliceRange& range);
/// The elements of one axis in reverse. Saves nothing.
Tensor flip(const Tensor& x, int axis);

/// The tensors one behind the other along an axis. Saves nothing. Throws also unless there is one at least and dtypes and all other
/// extents agree.
Tensor concatenate(std::span<const Tensor> tensors, int axis = 0);
/// The same for a list in braces. Saves nothing.
inline Tensor concatenate(std::initializer_list<Tensor> tensors, int axis = 0) { return concatenate({tensors.begin(), tensors.size()}, axis); }
/// The tensors side by side along a new axis, which is `axis` of the result. Saves nothing. Throws also unless all shapes agree.
Tensor stack(std::span<const Tensor> tensors, int axis = 0);
/// The same for a list in braces. Saves nothing.
inline Tensor stack(std::initializer_list<Tensor> tensors, int axis = 0) { return stack({tensors.begin(), tensors.size()}, axis); }

/// x cut along an axis into `sections` equal parts. Saves nothing. Throws also unless the extent is a multiple of sections.
std::vector<Tensor> split(const Tensor& x, std::int64_t sections, int axis = 0);
/// x cut along an axis before each of these places, which must ascend. Saves nothing.
std::vector<Tensor> split_at(const Tensor& x, const std::vector<std::int64_t>& places, int axis = 0);
/// The elements of an axis as tensors without it: the inverse of stack. Saves nothing.
std::vector<Tensor> unstack(const Tensor& x, int axis = 0);

/// x with `before` and `after` more elements of `value` at the ends of an axis. Saves nothing. Throws also if they are negative.
/// float32, float64 or int32.
Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after, double value = 0);

}  // namespace linnet::ops
