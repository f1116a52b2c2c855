#include "framework/kernels/activations.h"

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// Each activation is a value and a derivative, both of the pre-activation x.

template <class T>
struct Linear {
  static T value(T x) { return x; }
  static T derivative(T) { return T(1); }
};

template <class T>
struct Relu {
  static T value(T x) { return x > T(0) ? x : T(0); }
  static T derivative(T x) { return x > T(0) ? T(1) : T(0); }
};

template <class T>
struct Tanh {
  static T value(T x) { return tanh_of(x); }
  static T derivative(T x) {
    const T y = tanh_of(x);
    return T(1) - y * y;
  }
};

template <class T>
struct Sigmoid {
  static T value(T x) { return T(1) / (T(1) + exp_of(-x)); }
  static T derivative(T x) {
    const T y = value(x);
    return y * (T(1) - y);
  }
};

/// x Φ(x), Φ the normal distribution. Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
template <class T>
struct Gelu {
  static constexpr T kSqrtHalf = T(0.70710678118654752440), kInvSqrt2Pi = T(0.39894228040143267794);
  static T value(T x) { return T(0.5) * x * (T(1) + erf_of(x * kSqrtHalf)); }
  static T derivative(T x) { return T(0.5) * (T(1) + erf_of(x * kSqrtHalf)) + x * kInvSqrt2Pi * exp_of(T(-0.5) * x * x); }
};

/// The tanh form of the same paper: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).
template <class T>
struct GeluApproximate {
  static constexpr T kSqrt2OverPi = T(0.79788456080286535588), kCubic = T(0.044715);
  static T value(T x) { return T(0.5) * x * (T(1) + tanh_of(kSqrt2OverPi * (x + kCubic * x * x * x))); }
  static T derivative(T x) {
    const T t = tanh_of(kSqrt2OverPi * (x + kCubic * x * x * x));
    return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * kSqrt2OverPi * (T(1) + T(3) * kCubic * x * x);
  }
};

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
