#include "framework/kernels/convert.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "framework/core/half.h"

namespace linnet::kernels::LINNET_KERNEL_NAMESPACE {
namespace {

// What float64 rounds by on its way; float32 is where it is.
inline float narrowed(float value) { return value; }
inline float narrowed(double value) { return rounded_to_odd(value); }

template <class T>
void from_bfloat16(const std::uint16_t* from, std::int64_t n, T* to) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(float_from_bfloat16(from[i]));
}

template <class T>
void to_bfloat16(const T* from, std::int64_t n, std::uint16_t* to) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) to[i] = bfloat16_from_float(narrowed(from[i]));
}

// The float16 instructions take vectors of float32; returns how many elements they did.
#if defined(__AVX512F__)
inline std::int64_t from_float16_vectors(const std::uint16_t* from, std::int64_t n, float* to) {
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) _mm512_storeu_ps(to + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i))));
  return i;
}
inline std::int64_t to_float16_vectors(const float* from, std::int64_t n, std::uint16_t* to) {
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
#elif defined(__F16C__)
inline std::int64_t from_float16_vectors(const std::uint16_t* from, std::int64_t n, float* to) {
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
  return i;
}
inline std::int64_t to_float16_vectors(const float* from, std::int64_t n, std::uint16_t* to) {
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
#else
inline std::int64_t from_float16_vectors(const std::uint16_t*, std::int64_t, float*) { return 0; }
inline std::int64_t to_float16_vectors(const float*, std::int64_t, std::uint16_t*) { return 0; }
#endif
inline std::int64_t from_float16_vectors(const std::uint16_t*, std::int64_t, double*) { return 0; }
inline std::int64_t to_float16_vectors(const double*, std::int64_t, std::uint16_t*) { return 0; }

template <class T>
void from_float16(const std::uint16_t* from, std::int64_t n, T* to) {
  const std::int64_t done = from_float16_vectors(from, n, to);
#pragma omp simd
  for (std::int64_t i = done; i < n; ++i) to[i] = static_cast<T>(float_from_float16(from[i]));
}

template <class T>
void to_float16(const T* from, std::int64_t n, std::uint16_t* to) {
  const std::int64_t done = to_float16_vectors(from, n, to);
#pragma omp simd
  for (std::int64_t i = done; i < n; ++i) to[i] = float16_from_float(narrowed(from[i]));
}

/// kRow over each row.
template <class From, class To, void (*kRow)(const From*, std::int64_t, To*)>
void each_row(const From* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, To* to, std::int64_t ld_to) {
  for (std::int64_t r = 0; r < rows; ++r) kRow(from + r * ld, columns, to + r * ld_to);
}

}  // namespace

template <class T>
ConvertKernels<T> convert_kernels() {
  using Bits = std::uint16_t;
  return {.from_bfloat16 = each_row<Bits, T, from_bfloat16<T>>,
          .from_float16 = each_row<Bits, T, from_float16<T>>,
          .to_bfloat16 = each_row<T, Bits, to_bfloat16<T>>,
          .to_float16 = each_row<T, Bits, to_float16<T>>};
}
template ConvertKernels<float> convert_kernels<float>();
template ConvertKernels<double> convert_kernels<double>();

}  // namespace linnet::kernels::LINNET_KERNEL_NAMESPACE
