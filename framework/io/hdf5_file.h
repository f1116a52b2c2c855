#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// An HDF5 file opened for reading. Paths are relative to the root: "layers/dense/vars/0"; "" or "/" is the root group.
///
/// Every access goes through one door, which follows hard links alone and refuses, each with its own error: soft and external
/// links, named datatypes, external storage, virtual datasets, filters other than gzip, shuffle and checksum, datasets whose
/// stored bytes cannot hold their shape, and element types other than those of dtype(). Nothing is allocated before the
/// checks. Filter plugins are off; the file is not locked, so it may lie on any file system and be read by many.
/// All methods throw std::runtime_error naming the file and the path. Several threads may use several files, and one file.
class Hdf5File {
 public:
  /// What a link leads to.
  enum class Kind { group, dataset };
  struct Child {
    std::string name;
    Kind kind;
    std::uint64_t address;  ///< where the object lies in the file: equal for links to the same object
  };

  /// Throws if the file is missing, no regular file, no HDF5, cut off, or damaged.
  explicit Hdf5File(const std::filesystem::path& file);
  ~Hdf5File();
  Hdf5File(Hdf5File&&) noexcept;
  Hdf5File& operator=(Hdf5File&&) noexcept;

  const std::filesystem::path& path() const;
  /// True if a link of this name is there, whatever it leads to.
  bool exists(const std::string& path) const;
  Kind kind(const std::string& path) const;
  /// Sorted by name; for the names "0", "1", … by number.
  std::vector<Child> children(const std::string& path) const;
  Shape shape(const std::string& path) const;
  /// float32, float64, float16, bfloat16 (as Keras stores it: opaque bytes and an attribute) and int8; other integers up to
  /// 64 bits and h5py's booleans count as int32. Either byte order.
  DType dtype(const std::string& path) const;
  /// The dataset with its dtype(). Throws if an integer does not fit.
  Tensor read(const std::string& path) const;
  /// The dataset converted to the tensor's dtype (see convert). Throws before reading unless the shapes are equal.
  void read_into(const std::string& path, Tensor& tensor) const;
  /// What shape() and dtype() say, and where in the file the elements begin, if they lie there in one piece as they lie in memory:
  /// float32, in our byte order, uncompressed. For those who look at values without a copy.
  struct Description {
    Shape shape;
    DType dtype;
    std::optional<std::uint64_t> place;  ///< bytes from the beginning
  };
  Description describe(const std::string& path) const;
  /// A text attribute of a group or dataset; none if there is no attribute of that name.
  std::optional<std::string> attribute(const std::string& path, const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet
