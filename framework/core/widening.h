#pragma once

#include <cstdint>
#include <memory>

namespace linnet {

class Tensor;

/// What makes every op work on bfloat16 and float16: while one is alive on a thread, Tensor::data<float>() of such a tensor is a
/// float32 copy of its elements, and mutable_data<float>() one that is rounded back to the tensor when the scope ends. Ops are
/// written for float32 and float64 alone; dispatch_real opens a scope for the 16-bit dtypes and runs the float32 code in it.
/// So a tensor between two ops, and all that waits for backward, has 16 bits an element, and rounding happens once an op.
///
/// A scope inside another one is part of it: what lies within the outermost is rounded once, at its end. parallel_tasks carries
/// the caller's scope into its tasks. Within a scope only data and mutable_data see what was written; raw(), assign(), to_vector()
/// and views of other rows of the same memory see the elements as they were before. float32 and float64 pay nothing.
class WideningScope {
 public:
  WideningScope();
  ~WideningScope();
  WideningScope(const WideningScope&) = delete;
  WideningScope& operator=(const WideningScope&) = delete;

  struct State;

 private:
  std::unique_ptr<State> state_;  ///< null inside another scope
};

/// This thread's scope; null outside of any.
WideningScope::State* current_widening();
/// For Tensor: the float32 form of a 16-bit `tensor` in this thread's scope, which must be there.
float* widened(const Tensor& tensor, bool writable);
/// For parallel_tasks: while it lives, another thread's scope (or none) is this thread's.
class SharedWidening {
 public:
  explicit SharedWidening(WideningScope::State* state);
  ~SharedWidening();
  SharedWidening(const SharedWidening&) = delete;
  SharedWidening& operator=(const SharedWidening&) = delete;

 private:
  WideningScope::State* previous_;
};

}  // namespace linnet
