#include "framework/kernels/unary.h"

#include "framework/kernels/math.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

inline float floor_of(float x) { return __builtin_floorf(x); }
inline double floor_of(double x) { return __builtin_floor(x); }
inline float round_of(float x) { return __builtin_rintf(x); }  // halves to even
inline double round_of(double x) { return __builtin_rint(x); }
inline float sin_of(float x) { return __builtin_sinf(x); }
inline double sin_of(double x) { return __builtin_sin(x); }
inline float cos_of(float x) { return __builtin_cosf(x); }
inline double cos_of(double x) { return __builtin_cos(x); }
template <class T>
T sign_of(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;  // NaN stays
}

/// Runs f with a value and a derivative, both functions of x: the switch stays outside of loops. The one table.
template <class T, class F>
void with(Unary function, F&& f) {
  constexpr T kTwoOverSqrtPi = T(1.12837916709551257390);
  const auto flat = [](T) { return T(0); };
  switch (function) {
    case Unary::abs: return f([](T x) { return x < T(0) ? -x : x; }, [](T x) { return sign_of(x); });
    case Unary::ceil: return f([](T x) { return -floor_of(-x); }, flat);
    case Unary::cos: return f([](T x) { return cos_of(x); }, [](T x) { return -sin_of(x); });
    case Unary::erf: return f([](T x) { return erf_of(x); }, [=](T x) { return kTwoOverSqrtPi * exp_of(-x * x); });
    case Unary::exp: return f([](T x) { return exp_of(x); }, [](T x) { return exp_of(x); });
    case Unary::expm1: return f([](T x) { return expm1_of(x); }, [](T x) { return exp_of(x); });
    case Unary::floor: return f([](T x) { return floor_of(x); }, flat);
    case Unary::log: return f([](T x) { return log_of(x); }, [](T x) { return T(1) / x; });
    case Unary::log1p: return f([](T x) { return log1p_of(x); }, [](T x) { return T(1) / (T(1) + x); });
    case Unary::reciprocal: return f([](T x) { return T(1) / x; }, [](T x) { return T(-1) / (x * x); });
    case Unary::round: return f([](T x) { return round_of(x); }, flat);
    case Unary::rsqrt: return f([](T x) { return T(1) / sqrt_of(x); }, [](T x) { return T(-0.5) / (x * sqrt_of(x)); });
    case Unary::sign: return f([](T x) { return sign_of(x); }, flat);
    case Unary::sin: return f([](T x) { return sin_of(x); }, [](T x) { return cos_of(x); });
    case Unary::sqrt: return f([](T x) { return sqrt_of(x); }, [](T x) { return T(0.5) / sqrt_of(x); });
    case Unary::square: return f([](T x) { return x * x; }, [](T x) { return T(2) * x; });
  }
}

template <class T>
void forward(Unary function, const T* x, std::int64_t n, T* y) {
  with<T>(function, [=](auto value, auto) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) y[i] = value(x[i]);
  });
}

template <class T>
void backward(Unary function, const T* x, const T* dy, std::int64_t n, T* dx) {
  with<T>(function, [=](auto, auto derivative) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i] * derivative(x[i]);
  });
}

}  // namespace

template <class T>
UnaryKernels<T> unary_kernels() {
  return {.forward = forward<T>, .backward = backward<T>};
}
template UnaryKernels<float> unary_kernels<float>();
template UnaryKernels<double> unary_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
