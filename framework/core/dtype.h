#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/core/error.h"
#include "framework/core/widening.h"

namespace linnet {

/// Element type of a tensor.
enum class DType : std::uint8_t { float32, float64, bfloat16, float16, int8, int32 };

/// Bytes of one element.
std::int64_t size_of(DType dtype);
/// "float32", …: Keras' names.
std::string_view name_of(DType dtype);
/// The inverse of name_of. Throws std::invalid_argument that lists the known names.
DType dtype_from_name(std::string_view name);
std::ostream& operator<<(std::ostream& out, DType dtype);
/// bfloat16 or float16.
inline bool is_half(DType dtype) { return dtype == DType::bfloat16 || dtype == DType::float16; }
/// What an op on `dtype` computes in, and keeps row statistics in: float32 for the 16-bit floats, else the dtype itself.
inline DType accumulator_of(DType dtype) { return is_half(dtype) ? DType::float32 : dtype; }

/// The C++ type's DType: float, double, std::int32_t, std::int8_t; BFloat16 and Float16 are in core/half.h.
template <class T>
inline constexpr bool is_element_type = false;
template <class T>
inline constexpr DType dtype_of = DType::float32;
template <>
inline constexpr bool is_element_type<float> = true;
template <>
inline constexpr DType dtype_of<float> = DType::float32;
template <>
inline constexpr bool is_element_type<double> = true;
template <>
inline constexpr DType dtype_of<double> = DType::float64;
template <>
inline constexpr bool is_element_type<std::int32_t> = true;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::int32;
template <>
inline constexpr bool is_element_type<std::int8_t> = true;
template <>
inline constexpr DType dtype_of<std::int8_t> = DType::int8;

/// Runs f with float or double as its template argument: `f.operator()<T>()`. The only place where a runtime dtype becomes a C++ type.
/// For bfloat16 and float16 it is float, within a WideningScope: data<T>() and mutable_data<T>() of such tensors are float32 there.
/// Throws std::invalid_argument naming `op` for integers.
template <class F>
decltype(auto) dispatch_real(DType dtype, std::string_view op, F&& f) {
  if (is_half(dtype)) {
    const WideningScope scope;
    return f.template operator()<float>();
  }
  check(dtype == DType::float32 || dtype == DType::float64, op, ": dtype must be float32, float64, bfloat16 or float16, got ", dtype);
  if (dtype == DType::float64) return f.template operator()<double>();
  return f.template operator()<float>();
}

/// Which dtype a layer keeps its variables in and which it computes in, as keras.DTypePolicy.
struct DTypePolicy {
  DType variable = DType::float32;
  DType compute = DType::float32;

  DTypePolicy() = default;
  /// "float32", "float64", "bfloat16" or "float16" for both, "mixed_bfloat16" or "mixed_float16" for float32 variables that are
  /// cast where they are used; throws std::invalid_argument for any other name. Implicit, so that a config may say
  /// .dtype = "mixed_bfloat16".
  DTypePolicy(const std::string& name);
  DTypePolicy(const char* name) : DTypePolicy(std::string(name)) {}
  std::string name() const;
  bool operator==(const DTypePolicy&) const = default;
};

}  // namespace linnet
