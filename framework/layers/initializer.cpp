#include "framework/layers/initializer.h"

#include <cmath>

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

/// Keras' VarianceScaling: variance scale / fan; the normal form corrects for the cut-off tails.
Tensor variance_scaling(const std::string& distribution, double scale, double fan, const Shape& shape, DType dtype) {
  const double variance = scale / std::max(1.0, fan);
  if (distribution == "Uniform") return uniform(shape, dtype, -std::sqrt(3 * variance), std::sqrt(3 * variance));
  constexpr double kTruncatedStddev = .87962566103423978;  // of a standard normal cut at +-2
  return affine(random_truncated_normal(shape, dtype, next_initializer_stream()), std::sqrt(variance) / kTruncatedStddev, 0);
}

}  // namespace

void Initializer::fields(FieldVisitor& field) {
  field("class_name", class_name);
  field("value", value);
  field("minval", minval);
  field("maxval", maxval);
  field("mean", mean);
  field("stddev", stddev);
}

UninitializedWeights::UninitializedWeights() { ++uninitialized_scopes; }
UninitializedWeights::~UninitializedWeights() { --uninitialized_scopes; }

Tensor Initializer::make(const Shape& shape, DType dtype) const {
  if (uninitialized_scopes > 0 && class_name != "Zeros" && class_name != "Ones" && class_name != "Constant") {
    next_initializer_stream();
    return Tensor::empty(shape, dtype);
  }
  if (class_name == "Zeros") return Tensor::zeros(shape, dtype);
  if (class_name == "Ones") return Tensor::full(shape, 1, dtype);
  if (class_name == "Constant") return Tensor::full(shape, value, dtype);
  if (class_name == "RandomUniform") return uniform(shape, dtype, minval, maxval);
  if (class_name == "RandomNormal") return affine(random_normal(shape, dtype, next_initializer_stream()), stddev, mean);
  if (class_name == "TruncatedNormal") return affine(random_truncated_normal(shape, dtype, next_initializer_stream()), stddev, mean);
  const Fans fans = fans_of(shape);
  for (const std::string distribution : {"Uniform", "Normal"}) {
    if (class_name == "Glorot" + distribution) return variance_scaling(distribution, 1, (fans.in + fans.out) / 2, shape, dtype);
    if (class_name == "He" + distribution) return variance_scaling(distribution, 2, fans.in, shape, dtype);
    if (class_name == "Lecun" + distribution) return variance_scaling(distribution, 1, fans.in, shape, dtype);
  }
  throw std::invalid_argument(
      cat("initializer: must be Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal, or Glorot, He or Lecun "
          "with Uniform or Normal, got '",
          class_name, "'"));
}

}  // namespace linnet
