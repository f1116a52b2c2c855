#include "framework/core/dtype.h"

#include <array>

namespace linnet {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  std::int64_t size;
};
constexpr std::array kEntries{Entry{DType::float32, "float32", 4}, Entry{DType::float64, "float64", 8}, Entry{DType::bfloat16, "bfloat16", 2},
                              Entry{DType::float16, "float16", 2}, Entry{DType::int8, "int8", 1},       Entry{DType::int32, "int32", 4}};

const Entry& entry(DType dtype) { return kEntries[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::int64_t size_of(DType dtype) { return entry(dtype).size; }
std::string_view name_of(DType dtype) { return entry(dtype).name; }
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

DType dtype_from_name(std::string_view name) {
  for (const Entry& known : kEntries)
    if (known.name == name) return known.dtype;
  throw std::invalid_argument(cat("dtype: must be float32, float64, bfloat16, float16, int8 or int32, got '", name, "'"));
}

DTypePolicy::DTypePolicy(const std::string& name) {
  constexpr std::string_view kMixed = "mixed_";
  const bool mixed = name.starts_with(kMixed);
  const std::string_view dtype = std::string_view(name).substr(mixed ? kMixed.size() : 0);
  const bool half = dtype == "bfloat16" || dtype == "float16";
  check(half || (!mixed && (dtype == "float32" || dtype == "float64")),
        "dtype policy: must be float32, float64, bfloat16, float16, mixed_bfloat16 or mixed_float16, got '", name, "'");
  compute = dtype_from_name(dtype);
  variable = mixed ? DType::float32 : compute;
}

std::string DTypePolicy::name() const { return cat(variable == compute ? "" : "mixed_", compute); }

}  // namespace linnet
