#include "framework/io/convert.h"

namespace linnet {
namespace {

bool is_integer(DType dtype) { return dtype == DType::int8 || dtype == DType::int32; }

}  // namespace

Tensor convert(const Tensor& source, DType dtype) {
  const DType from = source.dtype();
  check(!is_integer(dtype) || from == dtype || (from == DType::int8 && dtype == DType::int32), "convert: a ", from, " tensor must not become ",
        dtype);
  return source.cast(dtype);
}

}  // namespace linnet
