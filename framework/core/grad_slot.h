#pragma once

#include <memory>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// Part of an embedding table's gradient: row ids[i] has gradient rows[i]; ids may repeat.
struct RowGrad {
  Tensor ids;   ///< (n) int32
  Tensor rows;  ///< (n, columns)
};

/// Where a tensor's gradient gathers. Shared by the tensor and the nodes of a tape; points back weakly, so nothing cycles.
struct GradSlot {
  Tensor grad;                            ///< dense part, undefined while nothing arrived
  std::vector<RowGrad> row_grads;         ///< sparse part, in order of arrival
  bool live = true;                       ///< a finished tape leaves its outputs' slots dead: constants from then on
  bool leaf = false;                      ///< made by set_requires_grad
  std::weak_ptr<Tensor::Impl> parameter;  ///< leaf only

  /// The first gradient is shared, the second adds in place if no other tensor shares the memory, else into a fresh one.
  void accumulate(const Tensor& gradient);
  void accumulate_rows(RowGrad gradient);
  bool has_grad() const { return grad.defined() || !row_grads.empty(); }
  /// Dense and sparse parts together as one dense tensor of `shape`; undefined when nothing arrived. Clears the slot.
  Tensor take_dense(const Shape& shape, DType dtype);
  void clear();
  /// The leaf tensor that this slot belongs to.
  Tensor leaf_tensor() const;
};

}  // namespace linnet
