#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

/// Internal to the HDF5 files of this folder: what the writer and its driver share. HDF5's own header stays out of it.
namespace linnet::hdf5 {

using Id = std::int64_t;  ///< HDF5's hid_t

/// Closes an HDF5 identifier. Only while lock() is held.
class Handle {
 public:
  using Close = int (*)(Id);
  Handle() = default;
  Handle(Id id, Close close) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }

  Id get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  /// Closes now; false if HDF5 reports an error.
  bool reset() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  Id id_ = -1;
  Close close_ = nullptr;
};

/// The one lock around everything that HDF5 does in this process: the library keeps global state. Also turns off its filter
/// plugins and, for the calling thread, its printing of errors.
std::unique_lock<std::mutex> lock();
/// The deepest message on HDF5's error stack: why the last call failed.
std::string last_error();
/// IEEE 754 binary16, little-endian, as numpy's float16.
Handle float16_type();
/// Opaque, two bytes: how Keras stores bfloat16.
Handle bfloat16_type();

}  // namespace linnet::hdf5
