#include "framework/data/dataset.h"

#include "framework/core/error.h"

namespace linnet {

TextExample TextDataset::at(std::int64_t index) const {
  check(index >= 0 && index < size(), "TextDataset: index must lie in [0, ", size(), "), got ", index);
  return examples_[static_cast<std::size_t>(index)];
}

}  // namespace linnet
