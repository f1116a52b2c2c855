#include "framework/ops/activations.h"

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/cost.h"
#include "framework/ops/softmax.h"

namespace linnet::ops {

Tensor activate(const Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::softmax: return softmax(x);
    case Activation::log_softmax: return log_softmax(x);
    case Activation::sparsemax: return sparsemax(x);
    case Activation::glu: return glu(x);
    default: break;
  }
  const ProfileScope profiled(name_of(activation), [&] { return map_cost({x}, x.size()); });
  Tensor y = Tensor::like(x);
  dispatch_real(x.dtype(), name_of(activation), [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_rows(x.size(), 8, [&](std::int64_t begin, std::int64_t end) {
      kernels::table<T>().activations.forward(activation, from + begin, end - begin, to + begin);
    });
  });
  return record(name_of(activation), {x}, y, [=](std::span<const Tensor> dy) -> Gradients {
    Tensor dx = Tensor::like(x);
    dispatch_real(x.dtype(), name_of(activation), [&]<class T>() {
      const T *from = x.data<T>().data(), *gradient = dy[0].data<T>().data();
      T* to = dx.mutable_data<T>().data();
      parallel_rows(x.size(), 8, [&](std::int64_t begin, std::int64_t end) {
        kernels::table<T>().activations.backward(activation, from + begin, gradient + begin, end - begin, to + begin);
      });
    });
    return {dx};
  });
}

}  // namespace linnet::ops
