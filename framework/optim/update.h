#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "framework/core/parallel.h"
#include "framework/core/tensor.h"

namespace linnet {

/// One weight's part of an optimizer's step. The gradient that counts is clamp(gradient * scale, -clip, clip).
struct Update {
  std::size_t index = 0;  ///< of the weight among the optimizer's parameters
  Tensor weight = {};
  Tensor gradient = {};                 ///< the weight's shape; by rows: (rows.size(), columns)
  std::vector<std::int32_t> rows = {};  ///< by rows: which rows of the weight have a gradient, ascending
  bool by_rows = false;                 ///< the other rows' gradient is zero
  double scale = 1;
  double clip = std::numeric_limits<double>::infinity();
  double weight_decay = 0;  ///< 0 for none
  double learning_rate = 0;
};

/// The gradient that `weight` has gathered, which is then cleared; nothing if there is none. Stays by rows if `by_rows` and
/// only rows of an embedding table came: repeated ids are summed in order of arrival, as the dense form sums them.
std::optional<Update> take_update(std::size_t index, const Tensor& weight, bool by_rows);

/// Sum of squares of each update's raw gradient (before scale and clip): the same bits dense or by rows and for any number of
/// threads. A (rows, columns) gradient is summed by rows.
std::vector<double> sums_of_squares(std::span<const Update> updates);

/// The clamped gradient as a tensor of its own.
Tensor clamped_gradient(const Update& update);
/// weight -= weight * weight_decay * learning_rate.
void decay_weight(const Update& update);

/// weight = rule(i, g, w) for each element, g the clamped gradient and w the decayed weight; for dense gradients.
/// Elements are spread over threads: the rule may touch element i of slots only.
template <class T, class Rule>
void update_elements(const Update& update, const Rule& rule) {
  Tensor weight = update.weight;
  T* w = weight.mutable_data<T>().data();
  const T* g = update.gradient.data<T>().data();
  const T scale = static_cast<T>(update.scale), clip = static_cast<T>(update.clip), rate = static_cast<T>(update.learning_rate);
  const T decay = static_cast<T>(update.weight_decay);
  parallel_rows(weight.size(), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T scaled = g[i] * scale;
      const T gradient = scaled < -clip ? -clip : scaled > clip ? clip : scaled;  // NaN stays NaN
      w[i] = rule(i, gradient, decay != 0 ? w[i] - w[i] * decay * rate : w[i]);
    }
  });
}

}  // namespace linnet
