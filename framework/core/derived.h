#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

#include "framework/core/tensor.h"

namespace linnet {

/// What a derived tensor is, besides the elements that it was made from: a literal, and the extents that its maker chose.
struct Derivation {
  std::string_view kind;
  std::array<std::int64_t, 4> extents{};
  bool operator==(const Derivation&) const = default;
};

/// make(), kept beside the memory of `source` and given again for the same elements and derivation until they are written
/// (Tensor::version) or freed: a weight packed for products or cast, made once and not at every call. May be asked from several
/// threads; one of them makes it. What make returns must not share memory with `source`.
Tensor derived(const Tensor& source, const Derivation& derivation, const std::function<Tensor()>& make);

}  // namespace linnet
