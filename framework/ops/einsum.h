#pragma once

#include <string>

#include "framework/core/tensor.h"

namespace linnet::ops {

/// A product of two tensors with axes named by letters, as einsum of NumPy: "abc,cd->abd" sums over c. Letters of both inputs
/// that the result keeps are batch axes. any float dtype. Saves a and b. Runs as transposes and one product a batch.
/// Throws std::invalid_argument unless the equation is [letters],[letters]->[letters] with no letter twice in one of them,
/// each letter of an input stands in the other input or the result, each of the result in an input, and the extents agree.
Tensor einsum(const std::string& equation, const Tensor& a, const Tensor& b);

/// An equation taken apart: "abc,cd->abd".
struct EinsumEquation {
  std::string a, b, result;
};
/// Throws as einsum does, but for the extents. `what` begins the errors.
EinsumEquation parse_einsum(const std::string& equation, const std::string& what);

}  // namespace linnet::ops
