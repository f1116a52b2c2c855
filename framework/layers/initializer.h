#pragma once

#include <string>

#include "framework/config/fields.h"
#include "framework/core/tensor.h"

namespace linnet {

/// How a weight gets its first values, by Keras' class name: Zeros, Ones, Constant, Identity, RandomUniform, RandomNormal,
/// TruncatedNormal, VarianceScaling, GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal.
/// Source: keras.initializers.
struct Initializer {
  std::string class_name = "GlorotUniform";
  double value = 0;                               ///< Constant
  double minval = -0.05, maxval = 0.05;           ///< RandomUniform
  double mean = 0, stddev = 0.05;                 ///< RandomNormal, TruncatedNormal: samples beyond 2 stddev are drawn again
  double scale = 1;                               ///< VarianceScaling: the variance is scale / n
  std::string mode = "fan_in";                    ///< VarianceScaling: n is fan_in, fan_out or fan_avg
  std::string distribution = "truncated_normal";  ///< VarianceScaling: that, untruncated_normal or uniform
  double gain = 1;                                ///< Orthogonal, Identity: a factor
  void fields(FieldVisitor& field);

  /// By name, with Keras' defaults.
  static Initializer zeros() { return {.class_name = "Zeros"}; }
  static Initializer ones() { return {.class_name = "Ones"}; }
  static Initializer random_uniform() { return {.class_name = "RandomUniform"}; }
  static Initializer truncated_normal(double stddev) { return {.class_name = "TruncatedNormal", .stddev = stddev}; }

  /// A new tensor with values that depend on the seed and on how many weights were initialised before (core/random.h).
  /// Fans as Keras': for (…, in, out) the leading extents count as a receptive field. Orthogonal: all
  /// axes but the last are one. Throws std::invalid_argument on an unknown class name, mode or distribution, a negative
  /// scale, and a shape that is no matrix where one is needed.
  Tensor make(const Shape& shape, DType dtype) const;
};

/// While one lives, Initializer::make on its thread gives tensors of arbitrary content: for loaders, which set every weight
/// afterwards. Streams of random numbers are counted as ever, so what is made later does not change.
class UninitializedWeights {
 public:
  UninitializedWeights();
  ~UninitializedWeights();
  UninitializedWeights(const UninitializedWeights&) = delete;
  UninitializedWeights& operator=(const UninitializedWeights&) = delete;
};

}  // namespace linnet
