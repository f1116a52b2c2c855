#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "framework/core/parallel.h"
#include "framework/core/tensor.h"

namespace linnet::ops {

/// NumPy's broadcasting of two tensors for elementwise ops: shapes are aligned at the last axis, extents of 1 stretch.
class Broadcast {
 public:
  /// Throws std::invalid_argument in the name of `op` unless the shapes broadcast.
  Broadcast(std::string_view op, const Shape& a, const Shape& b);
  /// The result's.
  const Shape& shape() const { return shape_; }
  /// For each element of the result, the number of the element of an operand of that shape that it comes from.
  std::vector<std::int64_t> places(const Shape& operand) const;
  /// out[i] = f(a's element, b's element, i) for each element i of the result, in parallel; f must vectorise.
  template <class A, class B, class T, class F>
  void map(const A* a, const B* b, T* out, const F& f) const;
  /// The gradient of a tensor of `shape` that was stretched to gradient's shape: sums over the stretched axes.
  static Tensor sum_to(const Tensor& gradient, const Shape& shape);

 private:
  /// Axes that neither operand, or both, or the same one stretches are one here; the last is the inner loop.
  struct Axis {
    std::int64_t extent, step_a, step_b;  // steps in elements, 0 where the operand stretches
  };
  Shape shape_;
  std::int64_t size_ = 0;
  std::vector<Axis> axes_;  // one at least
};

template <class A, class B, class T, class F>
void Broadcast::map(const A* a, const B* b, T* out, const F& f) const {
  const Axis& last = axes_.back();
  parallel_rows(size_, 3, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> index(axes_.size());
    std::int64_t left = begin, at_a = 0, at_b = 0;
    for (std::size_t i = axes_.size(); i-- > 0; left /= axes_[i].extent) {
      index[i] = left % axes_[i].extent;
      at_a += index[i] * axes_[i].step_a;
      at_b += index[i] * axes_[i].step_b;
    }
    while (begin < end) {
      const std::int64_t count = std::min(end - begin, last.extent - index.back());
      const A* pa = a + at_a;
      const B* pb = b + at_b;
      T* to = out + begin;
      if (last.step_a == 1 && last.step_b == 1) {
#pragma omp simd
        for (std::int64_t i = 0; i < count; ++i) to[i] = f(pa[i], pb[i], begin + i);
      } else if (last.step_a == 1) {
        const B value = *pb;
#pragma omp simd
        for (std::int64_t i = 0; i < count; ++i) to[i] = f(pa[i], value, begin + i);
      } else if (last.step_b == 1) {
        const A value = *pa;
#pragma omp simd
        for (std::int64_t i = 0; i < count; ++i) to[i] = f(value, pb[i], begin + i);
      } else {
        for (std::int64_t i = 0; i < count; ++i) to[i] = f(*pa, *pb, begin + i);
      }
      begin += count;
      at_a += count * last.step_a;
      at_b += count * last.step_b;
      index.back() += count;
      for (std::size_t i = axes_.size(); i-- > 1 && index[i] == axes_[i].extent;) {  // the next row
        at_a += axes_[i - 1].step_a - index[i] * axes_[i].step_a;
        at_b += axes_[i - 1].step_b - index[i] * axes_[i].step_b;
        index[i] = 0;
        ++index[i - 1];
      }
    }
  });
}

}  // namespace linnet::ops
