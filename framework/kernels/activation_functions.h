#pragma once

// Included by kernel files only, inside their variant's namespace: see kernels/math.h.
// Each activation is a value and a derivative, both of the pre-activation x.

#include <cstdint>

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

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

/// The tanh form of the same paper: 0.5 x (1 + tanh u) with u = √(2/π) (x + 0.044715 x³), computed as x sigmoid(2u), which is the same
/// and takes one exponential.
template <class T>
struct GeluApproximate {
  static constexpr T kTwice = T(1.59576912160573071176), kCubic = T(0.044715);
  static T sigmoid(T x) { return T(1) / (T(1) + exp_of(-kTwice * (x + kCubic * x * x * x))); }
  static T value(T x) { return x * sigmoid(x); }
  static T derivative(T x) {
    const T s = sigmoid(x);
    return s + x * s * (T(1) - s) * kTwice * (T(1) + T(3) * kCubic * x * x);
  }
};

/// log(1 + e^x) without overflow: max(x, 0) + log(1 + e^-|x|).
template <class T>
T softplus_of(T x) {
  const T magnitude = x < T(0) ? -x : x;
  return (x > T(0) ? x : T(0)) + log1p_of(exp_of(-magnitude));
}

template <class T>
struct LeakyRelu {
  static constexpr T kSlope = T(0.2);
  static T value(T x) { return x > T(0) ? x : kSlope * x; }
  static T derivative(T x) { return x > T(0) ? T(1) : kSlope; }
};

/// min(max(x, 0), 6).
template <class T>
struct Relu6 {
  static T value(T x) { return x > T(6) ? T(6) : Relu<T>::value(x); }
  static T derivative(T x) { return x > T(0) && x <= T(6) ? T(1) : T(0); }
};

/// x where it is positive, else e^x - 1. Source: Clevert et al. 2015, arXiv:1511.07289, alpha 1. CELU with alpha 1 is the same.
template <class T>
struct Elu {
  static T value(T x) { return x > T(0) ? x : expm1_of(x); }
  static T derivative(T x) { return x > T(0) ? T(1) : exp_of(x); }
};

/// Source: Klambauer et al. 2017, arXiv:1706.02515.
template <class T>
struct Selu {
  static constexpr T kScale = T(1.0507009873554804934), kAlpha = T(1.6732632423543772848);
  static T value(T x) { return kScale * (x > T(0) ? x : kAlpha * expm1_of(x)); }
  static T derivative(T x) { return kScale * (x > T(0) ? T(1) : kAlpha * exp_of(x)); }
};

template <class T>
struct Softplus {
  static T value(T x) { return softplus_of(x); }
  static T derivative(T x) { return Sigmoid<T>::value(x); }
};

/// x / (1 + |x|).
template <class T>
struct Softsign {
  static T value(T x) { return x / (T(1) + (x < T(0) ? -x : x)); }
  static T derivative(T x) {
    const T divisor = T(1) + (x < T(0) ? -x : x);
    return T(1) / (divisor * divisor);
  }
};

/// (x + sqrt(x² + 4)) / 2.
template <class T>
struct Squareplus {
  static T value(T x) { return T(0.5) * (x + sqrt_of(x * x + T(4))); }
  static T derivative(T x) { return T(0.5) * (T(1) + x / sqrt_of(x * x + T(4))); }
};

/// x moved towards 0 by 0.5, but not past it.
template <class T>
struct SoftShrink {
  static T value(T x) { return x > T(0.5) ? x - T(0.5) : x < T(-0.5) ? x + T(0.5) : T(0); }
  static T derivative(T x) { return x > T(0.5) || x < T(-0.5) ? T(1) : T(0); }
};

/// x where |x| > 0.5, else 0.
template <class T>
struct HardShrink {
  static T value(T x) { return x > T(0.5) || x < T(-0.5) ? x : T(0); }
  static T derivative(T x) { return x > T(0.5) || x < T(-0.5) ? T(1) : T(0); }
};

/// x - tanh x.
template <class T>
struct TanhShrink {
  static T value(T x) { return x - tanh_of(x); }
  static T derivative(T x) {
    const T y = tanh_of(x);
    return y * y;
  }
};

/// 0 up to -1, (x + 1)² / 4 up to 1, then x.
template <class T>
struct SparsePlus {
  static T value(T x) { return x <= T(-1) ? T(0) : x < T(1) ? T(0.25) * (x + T(1)) * (x + T(1)) : x; }
  static T derivative(T x) { return x <= T(-1) ? T(0) : x < T(1) ? T(0.5) * (x + T(1)) : T(1); }
};

/// (x + 1) / 2, cut off at 0 and 1.
template <class T>
struct SparseSigmoid {
  static T value(T x) { return x <= T(-1) ? T(0) : x < T(1) ? T(0.5) * (x + T(1)) : T(1); }
  static T derivative(T x) { return x > T(-1) && x <= T(1) ? T(0.5) : T(0); }
};

/// x sigmoid(x).
template <class T>
struct Silu {
  static T value(T x) { return x * Sigmoid<T>::value(x); }
  static T derivative(T x) {
    const T s = Sigmoid<T>::value(x);
    return s * (T(1) + x * (T(1) - s));
  }
};

template <class T>
struct Exponential {
  static T value(T x) { return exp_of(x); }
  static T derivative(T x) { return exp_of(x); }
};

/// (x + 3) / 6, cut off at 0 and 1. The slope is 1/6 rounded to float32 for every T, as PyTorch has it, whose gradients in
/// float64 ours are compared with; that is off by 3e-8 of it.
template <class T>
struct HardSigmoid {
  static constexpr T kSlope = T(1.0f / 6.0f);
  static T value(T x) { return Relu6<T>::value(x + T(3)) / T(6); }
  static T derivative(T x) { return Relu6<T>::derivative(x + T(3)) * kSlope; }
};

/// x hard_sigmoid(x).
template <class T>
struct HardSilu {
  static T value(T x) { return x * HardSigmoid<T>::value(x); }
  static T derivative(T x) { return HardSigmoid<T>::value(x) + x * Relu6<T>::derivative(x + T(3)) / T(6); }
};

/// x, cut off at -1 and 1.
template <class T>
struct HardTanh {
  static T value(T x) { return x < T(-1) ? T(-1) : x > T(1) ? T(1) : x; }
  static T derivative(T x) { return x > T(-1) && x <= T(1) ? T(1) : T(0); }
};

/// x tanh(softplus(x)). Source: Misra 2019, arXiv:1908.08681.
template <class T>
struct Mish {
  static T value(T x) { return x * tanh_of(softplus_of(x)); }
  static T derivative(T x) {
    const T t = tanh_of(softplus_of(x));
    return t + x * (T(1) - t * t) * Sigmoid<T>::value(x);
  }
};

/// log(sigmoid(x)).
template <class T>
struct LogSigmoid {
  static T value(T x) { return -softplus_of(-x); }
  static T derivative(T x) { return Sigmoid<T>::value(-x); }
};

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
