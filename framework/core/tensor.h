#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "framework/core/dtype.h"
#include "framework/core/shape.h"

namespace linnet {

struct Buffer;          // core/buffer_pool.h
struct GradSlot;        // core/grad_slot.h
struct DerivedTensors;  // core/derived.h
struct RowGrad;

/// A handle to a dense, row-major array, 64-byte-aligned unless it is a view or over(), and to its gradient when it takes part in training.
/// Copies share memory. There are no strides: transposing is a flag of gemm, a row slice is a view, the rest copies.
/// After the op that made it returns, a tensor is a constant; only optimizers and loaders write (`assign`, `mutable_data`). A tape
/// refuses to run backward through an op whose tensors have been written since.
class Tensor {
 public:
  Tensor() = default;  ///< undefined: defined() is false and everything else throws
  /// Uninitialised, from the buffer pool.
  static Tensor empty(Shape shape, DType dtype = DType::float32);
  static Tensor zeros(Shape shape, DType dtype = DType::float32);
  /// Every element is `value`, rounded to the dtype.
  static Tensor full(Shape shape, double value, DType dtype = DType::float32);
  /// Uninitialised, with the shape and dtype of `other`.
  static Tensor like(const Tensor& other);
  /// Over memory that `owner` keeps alive: nothing is copied, and writing to the tensor writes there. Throws std::invalid_argument unless
  /// `data` is aligned for the dtype.
  static Tensor over(std::shared_ptr<const void> owner, void* data, Shape shape, DType dtype = DType::float32);
  /// Copies the values; T is float, double, BFloat16, Float16, std::int32_t or std::int8_t. Throws unless their number is the shape's.
  template <class T>
  static Tensor from(const std::vector<T>& values, Shape shape);

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const;
  DType dtype() const;
  /// Extent of `axis`; negative axes count from the end. Throws if there is no such axis.
  std::int64_t dim(int axis) const;
  std::int64_t size() const;
  /// size() / dim(-1), the number of rows that a row-wise op sees; 0 for a tensor without elements, 1 for a scalar.
  std::int64_t rows() const;

  /// The same elements under another shape: an untracked view, a constant. ops::reshape is the recorded one.
  Tensor reshape(Shape shape) const;
  /// Rows [begin, end) of the first axis: an untracked view. ops::slice_rows is the recorded one.
  Tensor slice_rows(std::int64_t begin, std::int64_t end) const;
  /// The same elements as a constant: shares memory, takes no part in training. No gradient any more, if it was one.
  Tensor detach() const;
  /// A copy with its own memory, a constant.
  Tensor clone() const;
  /// A constant of another dtype, rounded to the nearest where floats become narrower, towards zero where they become integers;
  /// shares memory when the dtype is the same. ops::cast is the recorded one.
  Tensor cast(DType dtype) const;

  /// The elements. Throws unless T is the dtype, or float for a 16-bit float within a WideningScope: see there.
  template <class T>
  std::span<const T> data() const;
  template <class T>
  std::span<T> mutable_data();
  /// The elements without a type, for kernels and files.
  const void* raw() const;
  void* mutable_raw();
  /// The elements converted to double, for printing and tests.
  std::vector<double> to_vector() const;
  /// The only element. Throws unless size() is 1.
  double item() const;
  /// Copies the elements of `other` in place: every handle sees it. Throws unless shape and dtype are equal.
  void assign(const Tensor& other);
  /// The memory of `other` instead of one's own, for every handle of this tensor but not for views that were made of it. Throws unless
  /// shape and dtype are equal.
  void share_memory(const Tensor& other);

  /// From one process-wide counter at allocation and at every mutable access, never repeated; views share it.
  /// Keys caches of packed weights.
  std::uint64_t version() const;
  /// For core/derived.h alone.
  DerivedTensors& derived_tensors() const;
  /// True when no other tensor uses this memory.
  bool owns_memory_alone() const;

  bool requires_grad() const;
  /// Makes a leaf whose gradient backward gathers; false freezes it. Throws unless the dtype is a float.
  void set_requires_grad(bool on);
  /// The gathered gradient, dense; undefined until a backward pass reached this tensor. A tape refuses to record ops on it:
  /// there are no gradients of gradients. detach() makes it a constant like any other.
  Tensor grad() const;
  /// grad(), then cleared: for optimizers.
  Tensor take_grad();
  /// Drops the gathered gradient.
  void clear_grad();

  /// What grad() or take_grad() returned, or a view of it.
  bool is_gradient() const;

  /// For the tape alone, as are the next two: the memory, not kept alive.
  std::weak_ptr<const Buffer> memory() const;
  const std::shared_ptr<GradSlot>& grad_slot() const;
  void set_grad_slot(std::shared_ptr<GradSlot> slot) const;

  struct Impl;

 private:
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const;
  Impl& mutable_impl();
  Tensor marked_as_gradient(bool on) const;

  std::shared_ptr<Impl> impl_;
  friend struct GradSlot;
};

}  // namespace linnet
