#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "framework/layers/layer.h"

namespace linnet {

/// Keras 3's .weights.h5, by its rule and not by a table: a layer's own variables are the datasets vars/0, vars/1, … of its
/// group, whose attribute `name` is the layer's name. Its children lie in groups named after their attributes; children that
/// share an attribute are a list, `attribute/<class in snake case>[_k]`. A Model's children lie in `layers/<class>[_k]` instead.
/// A child named after its class ("softmax") has an automatic name, numbered through the file as Keras numbers it.
/// Reading accepts what other versions of Keras wrote: attributes with or without their underscore,
/// _layer_checkpoint_dependencies for layers, and a Model's children by attribute.

/// True for a child that is not to be saved or loaded, nor anything below it; it still counts in the numbering of its class.
using ChildFilter = std::function<bool(const Layer::Child& child)>;

/// What save_weights writes, and to how many files.
struct SaveOptions {
  /// More bytes than these go to several files: FILE ends in .weights.json then, the shards lie beside it. 0: never.
  std::int64_t max_shard_bytes = 0;
  ChildFilter skip = {};
  /// Groups beside the layer's own: what Keras keeps with a task.
  struct Group {
    std::string path, name;
    std::vector<Tensor> datasets = {};
  };
  std::vector<Group> more = {};
};
/// Writes every parameter of `layer` and its children, atomically: who reads while it is written, or after it failed or was killed, finds
/// all of the old weights or all of the new ones, shards too. New shards have the numbers after those of the
/// old ones, which go when the index names the new; number 0, which Keras opens in any case, becomes an empty file. LoRA's factors are merged into
/// the weights that they adapt. The name must end in .weights.h5, or in .weights.json for shards: Keras opens no others. Throws std::invalid_argument
/// if it does not, or if one variable exceeds max_shard_bytes; std::runtime_error if writing fails.
void save_weights(const Layer& layer, const std::filesystem::path& file, const SaveOptions& options = {});

/// Removes an index, NAME.weights.json, and then its shards, as far as they are there.
void remove_sharded_weights(const std::filesystem::path& index);

/// What load_weights insists on.
struct LoadOptions {
  bool strict = true;
  ChildFilter skip = {};
  /// Reads straight into the variables, which saves a copy of them all; a damaged file leaves them partly read. For new layers.
  bool in_place = false;
  bool finite = false;  ///< refuses NaN and infinities, naming the variable
  /// Variables that lie in the file as they would in memory (float32, in one piece) stay there: the file is mapped, and its pages come into
  /// memory as they are used. Variables may be written all the same, which copies pages. The file may be replaced but must not be changed
  /// or cut as long as the variables live: see MappedFile. For new layers.
  bool map = false;
  std::string group = {};  ///< where in the file the layer is; what lies elsewhere is ignored
};
/// What did not fit. Variables are named by their paths in the model, what is unexpected by its path in the file.
struct LoadReport {
  std::vector<std::string> missing, unexpected, mismatched;
  bool empty() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};
/// Reads every parameter from a .weights.h5, or from the shards of a .weights.json, cast to the variable's dtype. Optimizer
/// state and seeds in the file are ignored; LoRA's factors become zero. Throws std::runtime_error with everything that does not fit at
/// once, unless `strict` is false: then what fits is loaded. When it throws, the layer is as it was before, unless it was `in_place` or to be mapped.
LoadReport load_weights(Layer& layer, const std::filesystem::path& file, const LoadOptions& options = {});

}  // namespace linnet
