#include "framework/kernels/activations.h"

#include "framework/kernels/activation_functions.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

/// Runs f with the activation's struct: the switch stays outside of loops.
template <class T, class F>
void with(Activation activation, F&& f) {
  switch (activation) {
    case Activation::linear: return f(Linear<T>{});
    case Activation::relu: return f(Relu<T>{});
    case Activation::tanh: return f(Tanh<T>{});
    case Activation::sigmoid: return f(Sigmoid<T>{});
    case Activation::gelu: return f(Gelu<T>{});
    case Activation::gelu_approximate: return f(GeluApproximate<T>{});
    case Activation::leaky_relu: return f(LeakyRelu<T>{});
    case Activation::relu6: return f(Relu6<T>{});
    case Activation::celu:
    case Activation::elu: return f(Elu<T>{});
    case Activation::selu: return f(Selu<T>{});
    case Activation::softplus: return f(Softplus<T>{});
    case Activation::softsign: return f(Softsign<T>{});
    case Activation::squareplus: return f(Squareplus<T>{});
    case Activation::soft_shrink: return f(SoftShrink<T>{});
    case Activation::hard_shrink: return f(HardShrink<T>{});
    case Activation::tanh_shrink: return f(TanhShrink<T>{});
    case Activation::sparse_plus: return f(SparsePlus<T>{});
    case Activation::sparse_sigmoid: return f(SparseSigmoid<T>{});
    case Activation::silu: return f(Silu<T>{});
    case Activation::exponential: return f(Exponential<T>{});
    case Activation::hard_sigmoid: return f(HardSigmoid<T>{});
    case Activation::hard_silu: return f(HardSilu<T>{});
    case Activation::hard_tanh: return f(HardTanh<T>{});
    case Activation::mish: return f(Mish<T>{});
    case Activation::log_sigmoid: return f(LogSigmoid<T>{});
    default: __builtin_trap();  // the ops send only elementwise activations here
  }
}

template <class T>
void forward(Activation activation, const T* x, std::int64_t n, T* y) {
  with<T>(activation, [=](auto op) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) y[i] = op.value(x[i]);
  });
}

template <class T>
void backward(Activation activation, const T* x, const T* dy, std::int64_t n, T* dx) {
  with<T>(activation, [=](auto op) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i] * op.derivative(x[i]);
  });
}

template <class T>
void bias_forward(Activation activation, const T* bias, std::int64_t rows, std::int64_t columns, T* z, std::int64_t ldz, T* y, std::int64_t ldy) {
  with<T>(activation, [=](auto op) {
    for (std::int64_t r = 0; r < rows; ++r) {
      T* zr = z + r * ldz;
      T* yr = y + r * ldy;
      if (bias) {
#pragma omp simd
        for (std::int64_t c = 0; c < columns; ++c) zr[c] += bias[c];
      }
#pragma omp simd
      for (std::int64_t c = 0; c < columns; ++c) yr[c] = op.value(zr[c]);
    }
  });
}

}  // namespace

template <class T>
ActivationKernels<T> activation_kernels() {
  return {.forward = forward<T>, .backward = backward<T>, .bias_forward = bias_forward<T>};
}
template ActivationKernels<float> activation_kernels<float>();
template ActivationKernels<double> activation_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
