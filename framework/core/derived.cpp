#include "framework/core/derived.h"

#include <algorithm>

#include "framework/core/buffer_pool.h"

namespace linnet {

struct DerivedTensors::Entry {
  Derivation derivation;
  const void* elements;  // of a view, where it begins
  std::int64_t size;
  std::uint64_t version;
  Tensor tensor;
};

DerivedTensors::DerivedTensors() = default;
DerivedTensors::~DerivedTensors() = default;

Tensor derived(const Tensor& source, const Derivation& derivation, const std::function<Tensor()>& make) {
  DerivedTensors& kept = source.derived_tensors();
  const std::lock_guard lock(kept.mutex);
  const std::uint64_t version = source.version();
  // What was made of older elements will never be asked for again.
  std::erase_if(kept.entries, [&](const DerivedTensors::Entry& entry) { return entry.version != version; });
  for (const DerivedTensors::Entry& entry : kept.entries)
    if (entry.derivation == derivation && entry.elements == source.raw() && entry.size == source.size()) return entry.tensor;
  kept.entries.push_back({derivation, source.raw(), source.size(), version, make()});
  return kept.entries.back().tensor;
}

}  // namespace linnet
