#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/io/hdf5/attributes.h"
#include "framework/io/hdf5/dataset.h"

namespace linnet::hdf5 {

/// A group or a dataset.
struct Object {
  struct Child {
    std::string_view name;
    std::size_t object;  ///< its place in the tree
  };
  std::uint64_t address = 0;
  std::vector<Child> children;  ///< a group's, sorted by name
  std::vector<Attribute> attributes;
  std::optional<Dataset> dataset;  ///< none: a group
};

/// All that a file holds; the root group comes first. Names, texts and elements stay where they are in the file.
using Tree = std::vector<Object>;

/// Reads and checks every structure of a file, and no element. Throws Refused unless the file is whole and its objects form a tree: every one
/// reached by one hard link, at most 64 deep, at most 65536 of them. Takes time linear in the size of the file, and memory of less
/// than 64 MB.
Tree read_tree(Bytes file);

}  // namespace linnet::hdf5
