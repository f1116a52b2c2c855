#pragma once

// Included by kernel files only, inside their variant's namespace: see kernels/math.h.
// The vector extensions that g++ and clang share, for loops in which the registers must be blocked by hand.

#include <cstdint>

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct Vector {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
constexpr std::int64_t kLanes = kVectorBytes / static_cast<std::int64_t>(sizeof(T));

template <class T>
inline typename Vector<T>::type load(const T* from) {
  typename Vector<T>::type value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

// The vector by value: taking an address in an array would keep the whole array in memory.
template <class V, class T>
inline void store(V value, T* to) {
  __builtin_memcpy(to, &value, sizeof value);
}

/// Largest of n elements, n a positive multiple of kLanes; a NaN may be passed over.
template <class T>
inline T max_of(const T* x, std::int64_t n) {
  typename Vector<T>::type top = load(x);
  for (std::int64_t i = kLanes<T>; i < n; i += kLanes<T>) {
    const typename Vector<T>::type next = load(x + i);
    top = next > top ? next : top;
  }
  T lanes[kLanes<T>];
  store(top, lanes);
  T result = lanes[0];
#pragma omp simd reduction(max : result)
  for (std::int64_t l = 0; l < kLanes<T>; ++l) result = lanes[l] > result ? lanes[l] : result;
  return result;
}

/// Sum of the lanes.
template <class T>
inline T sum_of(typename Vector<T>::type value) {
  T lanes[kLanes<T>];
  store(value, lanes);
  T result = 0;
#pragma omp simd reduction(+ : result)
  for (std::int64_t l = 0; l < kLanes<T>; ++l) result += lanes[l];
  return result;
}

}  // namespace
}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
