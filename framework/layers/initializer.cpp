#include "framework/layers/initializer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "framework/core/random.h"

namespace linnet {
namespace {

thread_local int uninitialized_scopes = 0;

struct Fans {
  double in, out;
};
Fans fans_of(const Shape& shape) {
  if (shape.empty()) return {1, 1};
  if (shape.size() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const double field = static_cast<double>(element_count({shape.begin(), shape.end() - 2}));
  return {field * static_cast<double>(shape[shape.size() - 2]), field * static_cast<double>(shape.back())};
}

Tensor affine(Tensor x, double scale, double shift) {
  dispatch_real(x.dtype(), "initializer", [&]<class T>() {
    for (T& element : x.mutable_data<T>()) element = static_cast<T>(static_cast<double>(element) * scale + shift);
  });
  return x;
}

Tensor uniform(const Shape& shape, DType dtype, double minval, double maxval) {
  return affine(random_uniform(shape, dtype, next_initializer_stream()), maxval - minval, minval);
}

Tensor variance_scaling(double scale, std::string_view mode, std::string_view distribution, const Shape& shape, DType dtype) {
  const Fans fans = fans_of(shape);
  check(scale > 0, "initializer: scale must be positive, got ", scale);
  check(mode == "fan_in" || mode == "fan_out" || mode == "fan_avg", "initializer: mode must be fan_in, fan_out or fan_avg, got ", mode);
  const double n = mode == "fan_in" ? fans.in : mode == "fan_out" ? fans.out : (fans.in + fans.out) / 2;
  const double variance = scale / std::max(1.0, n);
  if (distribution == "uniform") return uniform(shape, dtype, -std::sqrt(3 * variance), std::sqrt(3 * variance));
  if (distribution == "untruncated_normal") return affine(random_normal(shape, dtype, next_initializer_stream()), std::sqrt(variance), 0);
  check(distribution == "truncated_normal", "initializer: distribution must be truncated_normal, untruncated_normal or uniform, got ", distribution);
  constexpr double kTruncatedStddev = .87962566103423978;  // of a standard normal cut at +-2
  return affine(random_truncated_normal(shape, dtype, next_initializer_stream()), std::sqrt(variance) / kTruncatedStddev, 0);
}

/// Orthonormal rows or columns, whichever are fewer, by Gram and Schmidt, twice against rounding.
Tensor orthogonal(double gain, const Shape& shape, DType dtype) {
  check(shape.size() >= 2, "initializer: Orthogonal needs two axes at least, got ", shape);
  const std::int64_t columns = shape.back(), rows = columns == 0 ? 0 : element_count(shape) / columns;
  const std::int64_t count = std::min(rows, columns), length = std::max(rows, columns);
  std::vector<double> vectors = random_normal({count, length}, DType::float64, next_initializer_stream()).to_vector();
  const auto vector = [&](std::int64_t i) {
    return std::span(vectors).subspan(static_cast<std::size_t>(i * length), static_cast<std::size_t>(length));
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const std::span<double> v = vector(i);
    for (int round = 0; round < 2; ++round)
      for (std::int64_t j = 0; j < i; ++j) {
        const double along = std::inner_product(v.begin(), v.end(), vector(j).begin(), 0.0);
        std::ranges::transform(v, vector(j), v.begin(), [&](double a, double b) { return a - along * b; });
      }
    const double norm = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (double& element : v) element /= norm;
  }
  std::vector<double> values(vectors.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      values[static_cast<std::size_t>(r * columns + c)] =
          gain * (rows < columns ? vector(r)[static_cast<std::size_t>(c)] : vector(c)[static_cast<std::size_t>(r)]);
  return Tensor::from(values, shape).cast(dtype);
}

Tensor identity(double gain, const Shape& shape, DType dtype) {
  check(shape.size() == 2, "initializer: Identity needs two axes, got ", shape);
  std::vector<double> values(static_cast<std::size_t>(element_count(shape)), 0.0);
  for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i) values[static_cast<std::size_t>(i * shape[1] + i)] = gain;
  return Tensor::from(values, shape).cast(dtype);
}

}  // namespace

void Initializer::fields(FieldVisitor& field) {
  field("class_name", class_name);
  field("value", value);
  field("minval", minval);
  field("maxval", maxval);
  field("mean", mean);
  field("stddev", stddev);
  field("scale", scale);
  field("mode", mode);
  field("distribution", distribution);
  field("gain", gain);
}

UninitializedWeights::UninitializedWeights() { ++uninitialized_scopes; }
UninitializedWeights::~UninitializedWeights() { --uninitialized_scopes; }

Tensor Initializer::make(const Shape& shape, DType dtype) const {
  if (uninitialized_scopes > 0 && class_name != "Zeros" && class_name != "Ones" && class_name != "Constant") {
    next_initializer_stream();
    return Tensor::empty(shape, dtype);
  }
  if (is_half(dtype)) return make(shape, DType::float32).cast(dtype);  // rounded once: the weights of a float32 model, rounded
  if (class_name == "Zeros") return Tensor::zeros(shape, dtype);
  if (class_name == "Ones") return Tensor::full(shape, 1, dtype);
  if (class_name == "Constant") return Tensor::full(shape, value, dtype);
  if (class_name == "RandomUniform") return uniform(shape, dtype, minval, maxval);
  if (class_name == "RandomNormal") return affine(random_normal(shape, dtype, next_initializer_stream()), stddev, mean);
  if (class_name == "TruncatedNormal") return affine(random_truncated_normal(shape, dtype, next_initializer_stream()), stddev, mean);
  if (class_name == "VarianceScaling") return variance_scaling(scale, mode, distribution, shape, dtype);
  if (class_name == "Orthogonal") return orthogonal(gain, shape, dtype);
  if (class_name == "Identity") return identity(gain, shape, dtype);
  for (const auto& [ending, drawn] : {std::pair("Uniform", "uniform"), std::pair("Normal", "truncated_normal")}) {
    if (class_name == std::string("Glorot") + ending) return variance_scaling(1, "fan_avg", drawn, shape, dtype);
    if (class_name == std::string("He") + ending) return variance_scaling(2, "fan_in", drawn, shape, dtype);
    if (class_name == std::string("Lecun") + ending) return variance_scaling(1, "fan_in", drawn, shape, dtype);
  }
  throw std::invalid_argument(
      cat("initializer: must be Zeros, Ones, Constant, Identity, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, Orthogonal, or "
          "Glorot, He or Lecun with Uniform or Normal, got '",
          class_name, "'"));
}

}  // namespace linnet
