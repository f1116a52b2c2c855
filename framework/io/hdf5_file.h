#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// An HDF5 file opened for reading. Paths are relative to the root: "layers/dense/vars/0"; "" or "/" is the root group.
///
/// The file is mapped, and read by a reader of our own for what Keras and h5py write (framework/io/hdf5); the HDF5 library never
/// sees it. Opening checks every structure of the file, in time linear in its size, and refuses, each with its own error: what is cut off,
/// overlaps or lies outside of the file; soft, external and second links; named datatypes; external storage; virtual datasets;
/// filters other than gzip, shuffle and fletcher32; datasets of which not every element is stored. Element types other than
/// those of dtype() are refused where they are read. Nothing is allocated before the checks.
/// All methods throw std::runtime_error naming the file and the path. Several threads may use one file. It must not be cut
/// while it is open; replacing it (as AtomicFile does) is fine.
class Hdf5File {
 public:
  /// What a link leads to.
  enum class Kind { group, dataset };
  struct Child {
    std::string name;
    Kind kind;
  };

  /// Throws if the file is missing, no regular file, no HDF5, cut off, or damaged.
  explicit Hdf5File(const std::filesystem::path& file);
  ~Hdf5File();
  Hdf5File(Hdf5File&&) noexcept;
  Hdf5File& operator=(Hdf5File&&) noexcept;

  const std::filesystem::path& path() const;
  /// True if a group or dataset has this path.
  bool exists(const std::string& path) const;
  /// Throws if nothing has this path.
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
  /// The elements where they lie in the mapped file, if they lie there as in memory: float32, in our byte order, in one piece and
  /// aligned; else none. For those who look at values without a copy.
  std::span<const float> floats(const std::string& path) const;
  /// As a tensor over what floats() gives, if that gives something: nothing is read, the file stays mapped as long as the tensor lives, and
  /// writing to it leaves the file as it is (see MappedFile). Once it is written, the dataset must not be read from here again.
  std::optional<Tensor> map(const std::string& path) const;
  /// A text attribute of a group or dataset; none if there is no attribute of that name.
  std::optional<std::string> attribute(const std::string& path, const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet
