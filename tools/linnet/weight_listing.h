#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet::tool {

/// A tensor of a weight file, not read yet.
struct StoredTensor {
  std::string name;   ///< path in the file
  std::string label;  ///< what Keras calls the layer; empty where the file does not say
  Shape shape = {};
  DType dtype = DType::float32;
  std::function<Tensor()> read = {};
  std::span<const float> values = {};  ///< the elements in the mapped file, where they lie there as in memory; else empty
  std::int64_t bytes() const;
};

/// The tensors of a .h5 or .safetensors file, of the shards that an index (.json) names, or of a preset's directory with all its
/// weight files (those of a task behind "task.weights.h5: "), in the order of their names; numbers count as numbers. Throws std::runtime_error naming
/// the file.
std::vector<StoredTensor> list_tensors(const std::filesystem::path& path);

/// What a tensor's elements come to.
struct Statistics {
  double min = 0, max = 0, mean = 0;  ///< of the finite elements
  std::int64_t not_finite = 0;
};
Statistics statistics(const StoredTensor& tensor);

}  // namespace linnet::tool
