#include "framework/io/convert.h"

#include "framework/core/half.h"

namespace linnet {
namespace {

bool is_half(DType dtype) { return dtype == DType::bfloat16 || dtype == DType::float16; }
bool is_integer(DType dtype) { return dtype == DType::int8 || dtype == DType::int32; }

Tensor widen(const Tensor& source) {
  Tensor result = Tensor::empty(source.shape(), DType::float32);
  const auto* from = static_cast<const std::uint16_t*>(source.raw());
  const auto widen_one = source.dtype() == DType::bfloat16 ? float_from_bfloat16 : float_from_float16;
  for (float& value : result.mutable_data<float>()) value = widen_one(*from++);
  return result;
}

Tensor narrow(const Tensor& source, DType dtype) {
  Tensor result = Tensor::empty(source.shape(), dtype);
  auto* to = static_cast<std::uint16_t*>(result.mutable_raw());
  const auto narrow_one = dtype == DType::bfloat16 ? bfloat16_from_float : float16_from_float;
  for (const float value : source.data<float>()) *to++ = narrow_one(value);
  return result;
}

}  // namespace

Tensor convert(const Tensor& source, DType dtype) {
  const DType from = source.dtype();
  if (from == dtype) return source.detach();
  check(!is_integer(dtype) || (from == DType::int8 && dtype == DType::int32), "convert: a ", from, " tensor must not become ", dtype);
  if (is_half(from)) return convert(widen(source), dtype);
  if (is_half(dtype)) return narrow(source.cast(DType::float32), dtype);
  return source.cast(dtype);
}

}  // namespace linnet
