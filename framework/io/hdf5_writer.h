#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "framework/core/tensor.h"

namespace linnet {

/// Writes an HDF5 file in the encoding that h5py and Keras use: superblock 0, old-style groups, contiguous little-endian
/// datasets without times, so that equal content gives equal bytes. The file appears under its name, as a whole, at finish();
/// until then, and for ever if the writer is dropped before, what was there stays.
/// All methods throw std::runtime_error naming the file.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& file);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// Makes the group and those above it, as far as they are missing.
  void group(const std::string& path);
  /// Makes the dataset and the groups above it. bfloat16 becomes opaque bytes with the attribute dtype = "bfloat16".
  void dataset(const std::string& path, const Tensor& tensor);
  /// Makes a scalar dataset of 64 bits.
  void integer(const std::string& path, std::int64_t value);
  /// A scalar text attribute of a group or dataset that is there.
  void attribute(const std::string& path, const std::string& name, const std::string& value);
  /// Closes and renames the file into place; the writer is of no use afterwards. `verify` sees the closed file under its
  /// temporary name: if it throws, nothing is replaced.
  void finish(const std::function<void(const std::filesystem::path& written)>& verify = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet
